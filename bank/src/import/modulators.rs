//! What the modulators of a SoundFont zone (SoundFont 2.04, sections 8.2 to 9.5) come to.
//!
//! The level follows the velocity, and the cutoff velocity and key, as they are played; level, cutoff, pitch, pan and the
//! depths of oscillators and envelope follow controllers and the pressure on the keys. All else is taken as it is in the
//! middle of a zone's keys and at the velocity that is usual, and controllers as they stand at the start.

use soundfont::raw::{
    ControllerPalette, GeneralPalette, GeneratorType, Modulator, ModulatorSource, ModulatorTransform,
    SourceType, default_modulators::DEFAULT_VEL2ATT_MOD,
};

use super::generators::number;
use crate::{Curve, Follow, Moves, Response};

/// The velocity that is taken for what cannot follow it.
const USUAL_VELOCITY: u8 = 90;
/// Below it, notes are seldom.
const SOFT_VELOCITY: u8 = 45;
/// Most modulators of a list.
const MOST: usize = 64;
/// Velocities through which the curve of the level is drawn, closer where it is steep.
const VELOCITIES: [u8; Curve::POINTS] = [0, 4, 8, 13, 20, 30, 42, 56, 72, 90, 108, 127];

/// Lowest and highest, both included.
type Range = (u8, u8);

/// The modulators in force, each once.
#[derive(Debug, Clone)]
pub(crate) struct Modulators(Vec<One>);

/// A modulator whose amount may be a sum.
#[derive(Debug, Clone, Copy)]
struct One {
    said: Modulator,
    amount: f32,
}

impl Modulators {
    /// Those of a list; of some that are alike the last holds.
    pub fn of(list: &[Modulator]) -> Modulators {
        let mut all = Modulators(Vec::new());
        for said in list.iter().take(MOST).filter(|said| is_understood(said)) {
            all.set(One { said: *said, amount: f32::from(said.amount) });
        }
        all
    }

    /// What holds where nothing is said, as far as it moves anything at the start: the velocity turns the level down.
    pub fn standard() -> Modulators {
        Modulators::of(&[DEFAULT_VEL2ATT_MOD])
    }

    /// These, and below them others where they are silent.
    pub fn over(&self, under: &Modulators) -> Modulators {
        let mut all = under.clone();
        self.0.iter().for_each(|one| all.set(*one));
        all
    }

    /// Those of an instrument with those of a preset, which add to their like.
    pub fn plus(mut self, preset: &Modulators) -> Modulators {
        for added in &preset.0 {
            match self.0.iter_mut().find(|one| are_alike(&one.said, &added.said)) {
                Some(one) => one.amount += added.amount,
                None => self.0.push(*added),
            }
        }
        self
    }

    fn set(&mut self, new: One) {
        match self.0.iter_mut().find(|one| are_alike(&one.said, &new.said)) {
            Some(one) => *one = new,
            None => self.0.push(new),
        }
    }

    /// By how much a generator is moved at a key and a velocity.
    fn moved(&self, number: usize, key: f32, velocity: f32) -> f32 {
        let moved = |one: &One| {
            let moved =
                one.amount * value(&one.said.src, key, velocity) * value(&one.said.amt_src, key, velocity);
            if one.said.transform == ModulatorTransform::Absolute { moved.abs() } else { moved }
        };
        let of = |one: &&One| one.said.dest as usize == number && follows(&one.said).is_none();
        self.0.iter().filter(of).map(moved).sum()
    }

    /// What a zone follows while it sounds, and from note to note.
    pub fn follows(&self, keys: Range, velocities: Range) -> Vec<Follow> {
        let [key, velocity] = [keys, velocities].map(middle);
        let followed = self.0.iter().filter_map(|one| {
            let (controller, moves, unit) = follows(&one.said)?;
            let rest = stands(one.said.src.controller_palette, key, velocity);
            let depth = one.amount * unit * value(&one.said.amt_src, key, velocity);
            let response = response(&one.said.src);
            (depth != 0.0).then_some(Follow { controller, rest, response, moves, depth })
        });
        followed.collect()
    }

    /// By how much the generators that cannot follow a note are moved in a zone.
    pub fn all_moved(&self, keys: Range, velocities: Range) -> Vec<(usize, i32)> {
        let velocity = f32::from(USUAL_VELOCITY.clamp(velocities.0, velocities.1.max(velocities.0)));
        let mut numbers: Vec<usize> = self.0.iter().map(|one| one.said.dest as usize).collect();
        numbers.retain(|it| ![number::ATTENUATION, number::FILTER_CUTOFF].contains(it));
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().map(|it| (it, self.moved(it, middle(keys), velocity).round() as i32)).collect()
    }

    /// The gain of a zone in decibels at one velocity, where its attenuation alone gives `base_db`: the two together never
    /// lift it, as in FluidSynth.
    pub fn gain_db(&self, base_db: f32, keys: Range, velocity: u8) -> f32 {
        (base_db - 0.1 * self.moved(number::ATTENUATION, middle(keys), f32::from(velocity))).min(0.0)
    }

    /// The gain of a zone in decibels at the velocity at which it is loudest, and how it falls from there; no curve where it
    /// falls as the standard says.
    pub fn level(&self, base_db: f32, keys: Range, velocities: Range) -> (f32, Option<Curve>) {
        let is_standard = |one: &One| {
            are_alike(&one.said, &DEFAULT_VEL2ATT_MOD) && one.amount == f32::from(DEFAULT_VEL2ATT_MOD.amount)
        };
        let is_of_level =
            |one: &&One| one.said.dest == GeneratorType::InitialAttenuation && follows(&one.said).is_none();
        let mut of_level = self.0.iter().filter(is_of_level);
        if base_db <= 0.0 && of_level.next().is_some_and(is_standard) && of_level.next().is_none() {
            return (base_db, None);
        }
        let points = VELOCITIES.map(|velocity| (velocity, self.gain_db(base_db, keys, velocity)));
        let inside = points.iter().filter(|(velocity, _)| (velocities.0..=velocities.1).contains(velocity));
        let ends = [velocities.0, velocities.1].map(|velocity| self.gain_db(base_db, keys, velocity));
        let most = inside.map(|point| point.1).chain(ends).fold(f32::MIN, f32::max);
        let curve = points.map(|(velocity, db)| (velocity, 10f32.powf((db - most).min(0.0) / 20.0)));
        (most, Curve::through(curve))
    }

    /// How the cutoff of a zone is moved.
    pub fn cutoff(&self, keys: Range, velocities: Range) -> CutoffMoves {
        let moved = |key: f32, velocity: f32| self.moved(number::FILTER_CUTOFF, key, velocity);
        let slope = |(low, high): Range, at: &dyn Fn(f32) -> f32| {
            let (low, high) = (f32::from(low), f32::from(high));
            if low < high { (at(high) - at(low)) / (high - low) } else { 0.0 }
        };
        let [key, velocity] = [keys, velocities].map(middle);
        // What is no line is followed where notes are mostly played.
        let played = (velocities.0.max(SOFT_VELOCITY.min(velocities.1)), velocities.1);
        let by_velocity = slope(played, &|velocity| moved(key, velocity));
        CutoffMoves {
            cents: moved(key, f32::from(played.1)) - by_velocity * f32::from(played.1),
            key: key as u8,
            cents_by_key: slope(keys, &|key| moved(key, velocity)),
            cents_by_velocity: 127.0 * by_velocity,
        }
    }
}

/// How a cutoff is moved, in straight lines over a zone.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct CutoffMoves {
    /// At `key` and a velocity of nothing.
    pub cents: f32,
    pub key: u8,
    /// From one key to the next.
    pub cents_by_key: f32,
    /// By the highest velocity.
    pub cents_by_velocity: f32,
}

/// What is not heard of a modulator as a player would hear it, by name; `None` where all is.
pub(crate) fn left_out(said: &Modulator) -> Option<&'static str> {
    const BY_NOTE: &str = "sf2: modulator (as in the middle of the keys, at a usual velocity)";
    const BY_CONTROLLER: &str = "sf2: modulator (as controllers stand at the start)";
    let of_note = [number::ATTENUATION, number::FILTER_CUTOFF].contains(&(said.dest as usize));
    if said.amount == 0 || follows(said).is_some() || is_of_keyboard(said) {
        return None;
    }
    match said.src.controller_palette {
        _ if !is_understood(said) => Some("sf2: modulator of an unknown kind"),
        ControllerPalette::General(GeneralPalette::NoteOnVelocity | GeneralPalette::NoteOnKeyNumber) => {
            (!of_note).then_some(BY_NOTE)
        }
        _ => Some(BY_CONTROLLER),
    }
}

/// Volume, expression and pan: what a keyboard sends is followed by every sound.
fn is_of_keyboard(said: &Modulator) -> bool {
    let of = match said.dest as usize {
        number::ATTENUATION => [7, 11].as_slice(),
        number::PAN => &[10],
        _ => &[],
    };
    matches!(said.src.controller_palette, ControllerPalette::Midi(controller) if of.contains(&controller))
}

/// The controller that is followed, what it moves, and how far by one of the unit of its generator; `None` for what is taken
/// as it is at the start.
fn follows(said: &Modulator) -> Option<(u8, Moves, f32)> {
    use ControllerPalette::{General, Midi};
    let dest = said.dest as usize;
    let is_of_note = [number::ATTENUATION, number::FILTER_CUTOFF].contains(&dest);
    let controller = match said.src.controller_palette {
        Midi(controller) if controller < 128 && !is_of_keyboard(said) => controller,
        General(GeneralPalette::ChannelPressure) => Follow::PRESSURE,
        General(GeneralPalette::NoteOnVelocity) if !is_of_note => Follow::VELOCITY,
        General(GeneralPalette::NoteOnKeyNumber) if !is_of_note => Follow::KEY,
        _ => return None,
    };
    let by_two = !matches!(
        said.amt_src.controller_palette,
        General(
            GeneralPalette::NoController | GeneralPalette::NoteOnVelocity | GeneralPalette::NoteOnKeyNumber
        )
    );
    if by_two || said.transform != ModulatorTransform::Linear {
        return None;
    }
    let (moves, unit) = match dest {
        number::ATTENUATION => (Moves::GainDb, -0.1),
        number::FILTER_CUTOFF => (Moves::CutoffCents, 1.0),
        number::MOD_LFO_TO_PITCH => (Moves::LfoPitchCents(0), 1.0),
        number::VIB_LFO_TO_PITCH => (Moves::LfoPitchCents(1), 1.0),
        number::MOD_LFO_TO_CUTOFF => (Moves::LfoCutoffCents(0), 1.0),
        number::MOD_LFO_TO_VOLUME => (Moves::LfoGainDb(0), 0.1),
        number::MOD_ENV_TO_PITCH => (Moves::EnvelopePitchCents(0), 1.0),
        number::MOD_ENV_TO_CUTOFF => (Moves::EnvelopeCutoffCents(0), 1.0),
        number::PAN => (Moves::Pan, 1.0 / 500.0),
        number::COARSE_TUNE => (Moves::PitchCents, 100.0),
        number::FINE_TUNE => (Moves::PitchCents, 1.0),
        _ => return None,
    };
    Some((controller, moves, unit))
}

/// A source as a response to its controller.
fn response(source: &ModulatorSource) -> Response {
    match (source.ty, source.is_bipolar(), source.is_negative()) {
        (SourceType::Linear, false, false) => Response::Linear,
        (SourceType::Linear, false, true) => Response::Falling,
        (SourceType::Linear, true, false) => Response::Bipolar,
        (SourceType::Linear, true, true) => Response::BipolarFalling,
        _ => {
            // Closer where one of the two ends, or the middle, is steep.
            let places: [u8; Curve::POINTS] = [0, 4, 13, 30, 48, 63, 64, 79, 97, 114, 123, 127];
            let points = places.map(|place| (place, shaped(source, f32::from(place) / 127.0)));
            Curve::through(points).map_or(Response::Linear, Response::Drawn)
        }
    }
}

fn middle((low, high): Range) -> f32 {
    f32::from(low) + f32::from(high.saturating_sub(low) / 2)
}

fn are_alike(a: &Modulator, b: &Modulator) -> bool {
    (a.src, a.dest, a.amt_src, a.transform) == (b.src, b.dest, b.amt_src, b.transform)
}

/// A modulator with a source of an unknown kind is passed over, and so is one that another one is to move.
fn is_understood(said: &Modulator) -> bool {
    let is_known = |source: &ModulatorSource| {
        !matches!(source.ty, SourceType::Unknown(_))
            && !matches!(
                source.controller_palette,
                ControllerPalette::General(GeneralPalette::Unknown(_) | GeneralPalette::Link)
            )
    };
    // FluidSynth takes no source for nothing, though as the source of an amount it is one.
    is_known(&said.src)
        && is_known(&said.amt_src)
        && said.src.controller_palette != ControllerPalette::General(GeneralPalette::NoController)
}

/// What a source says, 0..1 or −1..1.
fn value(source: &ModulatorSource, key: f32, velocity: f32) -> f32 {
    match source.controller_palette {
        ControllerPalette::General(GeneralPalette::NoController) => 1.0,
        controller => shaped(source, stands(controller, key, velocity)),
    }
}

/// Where a controller stands at the start, 0..1.
fn stands(controller: ControllerPalette, key: f32, velocity: f32) -> f32 {
    match controller {
        ControllerPalette::General(GeneralPalette::NoteOnVelocity) => velocity / 127.0,
        ControllerPalette::General(GeneralPalette::NoteOnKeyNumber) => key / 127.0,
        // The wheel, balance and pan rest in the middle; breath, volume and expression are those of a player who plays.
        ControllerPalette::General(GeneralPalette::PitchWheel) | ControllerPalette::Midi(8 | 10) => 0.5,
        ControllerPalette::Midi(2 | 7 | 11) => 1.0,
        ControllerPalette::General(GeneralPalette::PitchWheelSensitivity) => 2.0 / 127.0,
        _ => 0.0,
    }
}

/// What a source makes of where its controller stands.
fn shaped(source: &ModulatorSource, stands: f32) -> f32 {
    let x = if source.is_negative() { 1.0 - stands } else { stands };
    let curved = |x: f32| match source.ty {
        SourceType::Concave => concave(x),
        SourceType::Convex => 1.0 - concave(1.0 - x),
        SourceType::Switch => f32::from(u8::from(x >= 0.5)),
        SourceType::Linear | SourceType::Unknown(_) => x,
    };
    match (source.is_bipolar(), source.ty) {
        (false, _) => curved(x),
        (true, SourceType::Switch) => 2.0 * curved(x) - 1.0,
        (true, _) => (2.0 * x - 1.0).signum() * curved((2.0 * x - 1.0).abs()),
    }
}

/// 0..1 as decibels fall: flat at first and steep in the end.
fn concave(x: f32) -> f32 {
    (-40.0 / 96.0 * (1.0 - x).max(1e-9).log10()).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A modulator by its numbers in the file.
    fn modulator(source: u16, dest: GeneratorType, amount: i16, by: u16) -> Modulator {
        let transform = ModulatorTransform::Linear;
        Modulator { src: source.into(), dest, amount, amt_src: by.into(), transform }
    }

    const VELOCITY_DOWN: u16 = 2 | 1 << 8;
    const CONCAVE: u16 = 1 << 10;

    #[test]
    fn sources_are_shaped_as_the_standard_draws_them() {
        let at = |source: u16, key: f32, velocity: f32| value(&source.into(), key, velocity);
        for (velocity, expected) in [(127.0, 0.0), (63.5, 0.125_43), (12.7, 0.416_67), (0.0, 1.0)] {
            let found = at(VELOCITY_DOWN | CONCAVE, 60.0, velocity);
            assert!((found - expected).abs() < 1e-4, "{velocity}: {found}");
        }
        assert!((at(2, 60.0, 63.5) - 0.5).abs() < 1e-6);
        assert!((at(3 | 1 << 9, 0.0, 1.0) + 1.0).abs() < 1e-6, "both ways from the middle");
        assert_eq!(at(2 | 3 << 10, 60.0, 100.0), 1.0, "a switch");
        assert_eq!(at(VELOCITY_DOWN | 3 << 10, 60.0, 100.0), 0.0);
        assert!(
            (at(2 | 2 << 10, 60.0, 127.0) - 1.0).abs() < 1e-6 && at(2 | 2 << 10, 60.0, 0.0) == 0.0,
            "convex"
        );
        assert_eq!(at(1 << 7 | 10 | 1 << 9, 60.0, 1.0), 0.0, "pan rests in the middle");
        assert_eq!(at(0, 60.0, 1.0), 1.0, "no source of an amount");
    }

    #[test]
    fn a_list_replaces_the_standard_and_a_preset_adds_to_it() {
        let attenuation =
            |amount| modulator(VELOCITY_DOWN | CONCAVE, GeneratorType::InitialAttenuation, amount, 0);
        let every = (0, 127);
        let standard = Modulators::standard();
        assert_eq!(standard.level(-3.0, every, every), (-3.0, None));
        assert!((standard.gain_db(0.0, every, 64) - 40.0 * (64.0f32 / 127.0).log10()).abs() < 1e-3);
        let none = Modulators::of(&[attenuation(0)]).over(&standard);
        let (gain_db, curve) = none.level(0.0, every, every);
        assert_eq!((gain_db, curve.unwrap().level(1.0)), (0.0, 1.0), "every velocity alike");
        let added = none.plus(&Modulators::of(&[attenuation(800)]));
        let curve = added.level(0.0, every, every).1.unwrap();
        for velocity in [9.0, 20.0, 64.0, 100.0, 127.0f32] {
            let (found, expected) = (curve.level(velocity), (velocity / 127.0).powf(5.0 / 3.0));
            assert!((20.0 * (found / expected).log10()).abs() < 0.5, "{velocity}: {found}, not {expected}");
        }
        let key = modulator(3 | 1 << 9, GeneratorType::InitialAttenuation, 100, 0);
        let (gain_db, _) = Modulators::of(&[key]).over(&standard).level(0.0, (127, 127), (64, 127));
        assert!((gain_db + 10.0).abs() < 1e-3, "{gain_db}");
        let (gain_db, lifted) = standard.level(12.0, every, every);
        let level_db = |velocity: f32| gain_db + 20.0 * lifted.unwrap().level(velocity).log10();
        assert!(level_db(127.0).abs() < 1e-3 && level_db(90.0).abs() < 0.01, "never over full level");
        assert!(
            (level_db(30.0) - (12.0 + 40.0 * (30.0f32 / 127.0).log10())).abs() < 0.01,
            "{}",
            level_db(30.0)
        );
    }

    #[test]
    fn the_cutoff_follows_velocity_and_key_and_the_rest_the_middle() {
        let all = Modulators::of(&[
            modulator(VELOCITY_DOWN, GeneratorType::InitialFilterFc, -2_400, 0),
            modulator(3 | 1 << 9, GeneratorType::InitialFilterFc, 1_270, 0),
            modulator(2, GeneratorType::AttackVolEnv, -1_270, 0),
            modulator(1 << 7 | 1, GeneratorType::VibLfoToPitch, 50, 0),
            modulator(77, GeneratorType::Pan, 500, 0),
        ]);
        let moves = all.cutoff((40, 80), (0, 127));
        assert!((moves.cents_by_velocity - 2_400.0).abs() < 0.1 && (moves.cents_by_key - 20.0).abs() < 0.01);
        assert!((moves.cents - (-2_400.0 + 1_270.0 * (120.0 / 127.0 - 1.0))).abs() < 0.1 && moves.key == 60);
        assert_eq!(all.all_moved((40, 80), (0, 127)), [(6, 0), (34, -900)]);
        assert_eq!(all.cutoff((60, 60), (64, 64)).cents_by_velocity, 0.0);
    }

    #[test]
    fn controllers_pressure_and_note_move_what_sounds_and_two_at_once_do_not() {
        const PRESSURE: u16 = 13;
        let all = Modulators::of(&[
            modulator(1 << 7 | 74 | 1 << 9, GeneratorType::InitialFilterFc, 3_000, 0),
            modulator(1 << 7 | 2 | 1 << 8, GeneratorType::InitialAttenuation, 400, 0),
            modulator(PRESSURE | CONCAVE, GeneratorType::VibLfoToPitch, 80, 0),
            modulator(2, GeneratorType::ModEnvToFilterFc, 1_000, 0),
            modulator(3 | 1 << 9, GeneratorType::Pan, 500, 0),
            modulator(1 << 7 | 7 | 1 << 8, GeneratorType::InitialAttenuation, 960, 0),
            modulator(1 << 7 | 1, GeneratorType::ModLfoToPitch, 50, 1 << 7 | 3),
            modulator(1 << 7 | 5, GeneratorType::AttackVolEnv, 500, 0),
        ]);
        let follows = all.follows((40, 80), (0, 127));
        let found: Vec<_> = follows.iter().map(|it| (it.controller, it.moves, it.depth)).collect();
        let expected = [
            (74, Moves::CutoffCents, 3_000.0),
            (2, Moves::GainDb, -40.0),
            (Follow::PRESSURE, Moves::LfoPitchCents(1), 80.0),
            (Follow::VELOCITY, Moves::EnvelopeCutoffCents(0), 1_000.0),
            (Follow::KEY, Moves::Pan, 1.0),
        ];
        assert_eq!(found, expected);
        assert_eq!(follows[0].by(Some(0.0)), -3_000.0);
        assert!(
            follows[0].by(None) == -3_000.0 && follows[1].by(None).abs() < 1e-6,
            "as they stand at the start"
        );
        assert!((follows[2].by(Some(63.0 / 127.0)) - 80.0 * concave(63.0 / 127.0)).abs() < 0.1);
        // What is followed is not taken as it stands as well.
        assert_eq!(all.cutoff((40, 80), (0, 127)).cents, 0.0);
        assert!(all.all_moved((40, 80), (0, 127)).iter().all(|(_, by)| *by == 0));
        assert_eq!(all.level(0.0, (60, 60), (0, 127)).0, 0.0);
        let left: Vec<_> = all.0.iter().filter_map(|one| left_out(&one.said)).collect();
        assert_eq!(left, ["sf2: modulator (as controllers stand at the start)"; 2]);
    }
}
