//! Controllers of MIDI that move a zone while it sounds, and what of the zone itself moves it in the place of one.

use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::instrument::{Curve, Fade, Manner};
use crate::modulation::number;

/// A controller and what it moves.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Follow {
    /// 0..=127, or [`Follow::PRESSURE`], [`Follow::VELOCITY`], [`Follow::KEY`], or one of those from
    /// [`Follow::ENVELOPES`] on.
    pub controller: u8,
    /// Where it stands until it is moved, 0..=1.
    pub rest: f32,
    /// From where it stands to the part of `depth` that counts.
    pub response: Response,
    /// What it moves.
    pub moves: Moves,
    /// How far, in the unit of what it moves.
    pub depth: f32,
}

/// What a controller may move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moves {
    /// The level, as a factor.
    Amplitude,
    /// The level, in decibels.
    GainDb,
    /// The pitch, in cents.
    PitchCents,
    /// The cutoff of the filter, in cents.
    CutoffCents,
    /// The cutoff of the second filter, in cents.
    SecondCutoffCents,
    /// How far the zone's oscillator of this place takes the pitch with it, in cents.
    LfoPitchCents(u8),
    /// How far it takes the cutoff, in cents.
    LfoCutoffCents(u8),
    /// How far it takes the level, in decibels.
    LfoGainDb(u8),
    /// How often it goes round, in Hz.
    LfoFreqHz(u8),
    /// How far the zone's modulation envelope of this place takes the pitch with it, in cents.
    EnvelopePitchCents(u8),
    /// How far it takes the cutoff, in cents.
    EnvelopeCutoffCents(u8),
    /// Where between left and right the zone lies, in shares of the way from the middle to a side.
    Pan,
    /// How wide a stereo sound is, beside as it is.
    Width,
    /// The middle of the zone's band of this place, in Hz.
    BandFreqHz(u8),
    /// How wide that band is.
    BandOctaves(u8),
    /// How far it is lifted, in decibels.
    BandGainDb(u8),
    /// How far another that the zone follows takes what it moves, by its place among them, which is before this one's.
    Depth(u8),
    /// Something that holds from the start of a note on.
    Onset(Onset),
}

/// What a controller settles as a note begins, in the unit of the zone's own number, which it is added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Onset {
    /// The envelope of the loudness.
    Envelope(Stage),
    /// The modulation envelope of this place.
    ModulationEnvelope(u8, Stage),
    /// How long the zone's oscillator of this place waits.
    LfoDelaySecs(u8),
    /// How long it takes to its full depth.
    LfoFadeSecs(u8),
    /// Where in its round it begins, 0..=1.
    LfoPhase(u8),
    /// The share of the velocity in the level.
    VelocityTracking,
    /// The resonance of the filter.
    ResonanceDb,
    /// How far the highest velocity moves its cutoff.
    VelocityToCutoffCents,
    /// The resonance of the second filter.
    SecondResonanceDb,
    /// How far the highest velocity moves its cutoff.
    SecondVelocityToCutoffCents,
    /// How far into its part of the sound the note begins.
    StartFrames,
    /// The seconds to a point of the zone's envelope through points of this place, as the note leaves for it.
    PointSecs(u8, u8),
    /// The level of that point.
    PointLevel(u8, u8),
}

/// A part of an envelope: seconds, and for the sustain a share of full height.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // As in the envelopes themselves.
pub enum Stage {
    Delay,
    Attack,
    Hold,
    Decay,
    Sustain,
    Release,
}

/// From where a controller stands, 0..=1, to −1..=1. The plain ones are the curves that SFZ counts from 0 to 6.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // Named for their formulas.
pub enum Response {
    /// x.
    Linear,
    /// 2x − 1.
    Bipolar,
    /// 1 − x.
    Falling,
    /// 1 − 2x.
    BipolarFalling,
    /// x².
    Square,
    /// √x.
    Root,
    /// √(1 − x).
    RootFalling,
    /// In and out of silence, at 0..=127 of the controller.
    Fade(Fade),
    /// Through points at 0..=127 of the controller.
    Drawn(Curve),
}

impl Response {
    /// The curve of this number in SFZ, where it is always there.
    pub(crate) fn numbered(number: u16) -> Option<Response> {
        use Response::*;
        let all = [Linear, Bipolar, Falling, BipolarFalling, Square, Root, RootFalling];
        all.get(usize::from(number)).copied()
    }

    /// What it makes of where a controller stands.
    pub fn at(&self, x: f32) -> f32 {
        match self {
            Response::Linear => x,
            Response::Bipolar => 2.0 * x - 1.0,
            Response::Falling => 1.0 - x,
            Response::BipolarFalling => 1.0 - 2.0 * x,
            Response::Square => x * x,
            Response::Root => x.max(0.0).sqrt(),
            Response::RootFalling => (1.0 - x).max(0.0).sqrt(),
            Response::Fade(fade) => fade.gain(127.0 * x),
            Response::Drawn(curve) => curve.level(127.0 * x),
        }
    }
}

impl Follow {
    /// In the place of a controller: the pressure on the keys of the channel. (SFZ counts it and the following so.)
    pub const PRESSURE: u8 = 129;
    /// The velocity of each note.
    pub const VELOCITY: u8 = 131;
    /// The key of each note.
    pub const KEY: u8 = 133;
    /// From here on the heights of the zone's own envelopes through points, by their places.
    pub const ENVELOPES: u8 = 192;
    /// From here on those of its oscillators, −1..=1.
    pub const OSCILLATORS: u8 = Follow::ENVELOPES + Manner::MOST_POINT_ENVELOPES as u8;

    /// Whether it moves what sounds already.
    pub fn is_live(&self) -> bool {
        !matches!(self.moves, Moves::Onset(_))
    }

    /// Whether the zone itself moves it.
    pub fn is_of_zone(&self) -> bool {
        let end = Follow::OSCILLATORS + Manner::MOST_LFOS as u8;
        (Follow::ENVELOPES..end).contains(&self.controller)
    }

    /// How far it moves what it moves, with the controller here, or at rest.
    pub fn by(&self, stands: Option<f32>) -> f32 {
        self.by_deeper(0.0, stands)
    }

    /// The same where its depth is so much more.
    pub fn by_deeper(&self, deeper: f32, stands: Option<f32>) -> f32 {
        (self.depth + deeper) * self.response.at(stands.unwrap_or(self.rest))
    }

    fn bounded(mut self) -> Follow {
        let is_own =
            [Follow::PRESSURE, Follow::VELOCITY, Follow::KEY].contains(&self.controller) || self.is_of_zone();
        if !is_own {
            self.controller = self.controller.min(127);
        }
        self.rest = number(self.rest, 0.0, 1.0, 0.0);
        let most = match self.moves {
            Moves::Amplitude => 64.0,
            Moves::GainDb | Moves::LfoGainDb(_) | Moves::BandGainDb(_) => 144.0,
            Moves::Pan | Moves::Width => 4.0,
            Moves::BandFreqHz(_) => 30_000.0,
            Moves::Onset(Onset::StartFrames) => 1e9,
            _ => 12_000.0,
        };
        self.depth = number(self.depth, -most, most, 0.0);
        if let Response::Drawn(curve) = &mut self.response {
            *curve = curve.bounded();
        }
        self
    }
}

/// What a zone follows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Follow>", into = "Vec<Follow>")]
pub struct Follows(Option<Arc<[Follow]>>);

impl Follows {
    /// Most that a zone follows.
    pub const MOST: usize = 48;

    /// The same with every number in its range.
    pub fn bounded(&self) -> Follows {
        self.iter().map(|follow| follow.bounded()).collect::<Vec<_>>().into()
    }

    /// How much further each of these goes by others among them that move its depth.
    pub fn deeper(all: &[Follow], stands: impl Fn(u8) -> Option<f32>) -> [f32; Follows::MOST] {
        let mut deeper = [0.0; Follows::MOST];
        // Each lies behind what it moves, which may move the depth of another in turn.
        for (i, follow) in all.iter().enumerate().take(Follows::MOST).rev() {
            let Moves::Depth(place) = follow.moves else { continue };
            let by = follow.by_deeper(deeper[i], stands(follow.controller));
            if let Some(moved) = deeper.get_mut(usize::from(place)).filter(|_| usize::from(place) < i) {
                *moved += by;
            }
        }
        deeper
    }

    /// Whether one moves the depth of another.
    pub fn deepen(&self) -> bool {
        self.iter().any(|follow| matches!(follow.moves, Moves::Depth(_)))
    }

    /// By how much the controllers at rest turn the level up, in decibels.
    pub fn gain_db_at_rest(&self) -> f32 {
        20.0 * self.amplitude(|_| None).max(1e-7).log10() + self.moving(Moves::GainDb, |_| None).sum::<f32>()
    }

    /// Whether this controller moves anything.
    pub fn include(&self, controller: u8) -> bool {
        self.iter().any(|follow| follow.controller == controller)
    }

    /// Whether the controllers at rest let it be heard.
    pub fn are_heard_at_rest(&self) -> bool {
        self.amplitude(|_| None) >= SILENT
    }

    /// Where the controllers that fade it stand when it is loudest, 0..=1 each.
    pub fn where_loudest(&self) -> Vec<(u8, f32)> {
        let mut stands: Vec<(u8, f32)> = Vec::new();
        for follow in self.iter().filter(|follow| follow.moves == Moves::Amplitude) {
            let others = stands.clone();
            let amplitude = |x: f32| {
                let stands = |controller: u8| match controller == follow.controller {
                    true => Some(x),
                    false => others.iter().find(|other| other.0 == controller).map(|other| other.1),
                };
                self.amplitude(stands)
            };
            if others.iter().all(|other| other.0 != follow.controller) {
                let steps = (0..=127).map(|step| step as f32 / 127.0);
                let loudest = steps.max_by(|a, b| amplitude(*a).total_cmp(&amplitude(*b)));
                stands.push((follow.controller, loudest.unwrap_or(1.0)));
            }
        }
        stands
    }

    /// The same with these controllers at rest elsewhere.
    pub fn resting_at(&self, stands: &[(u8, f32)]) -> Follows {
        let moved = |follow: &Follow| {
            let stand = stands.iter().find(|stand| stand.0 == follow.controller);
            Follow { rest: stand.map_or(follow.rest, |stand| stand.1), ..*follow }
        };
        self.iter().map(moved).collect::<Vec<_>>().into()
    }

    fn amplitude(&self, stands: impl Fn(u8) -> Option<f32>) -> f32 {
        self.moving(Moves::Amplitude, stands).map(|by| by.max(0.0)).product()
    }

    /// How far each of those goes that move this.
    fn moving(&self, moves: Moves, stands: impl Fn(u8) -> Option<f32>) -> impl Iterator<Item = f32> {
        let deeper = Follows::deeper(self, &stands);
        let moving = self.iter().zip(deeper).filter(move |(follow, _)| follow.moves == moves);
        moving.map(move |(follow, deeper)| follow.by_deeper(deeper, stands(follow.controller)))
    }
}

/// What is fainter than this beside full level, linear, is silent.
const SILENT: f32 = 1e-3;

impl Deref for Follows {
    type Target = [Follow];

    fn deref(&self) -> &[Follow] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl From<Vec<Follow>> for Follows {
    fn from(mut follows: Vec<Follow>) -> Follows {
        follows.truncate(Follows::MOST);
        Follows((!follows.is_empty()).then(|| follows.into()))
    }
}

impl From<Follows> for Vec<Follow> {
    fn from(follows: Follows) -> Vec<Follow> {
        follows.to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_are_the_curves_of_sfz() {
        let table = [
            (0, [0.0, 0.25, 1.0]),
            (1, [-1.0, -0.5, 1.0]),
            (2, [1.0, 0.75, 0.0]),
            (3, [1.0, 0.5, -1.0]),
            (4, [0.0, 0.0625, 1.0]),
            (5, [0.0, 0.5, 1.0]),
            (6, [1.0, 0.75f32.sqrt(), 0.0]),
        ];
        for (number, expected) in table {
            let response = Response::numbered(number).unwrap();
            assert_eq!([0.0, 0.25, 1.0].map(|x| response.at(x)), expected, "{number}");
        }
        assert_eq!(Response::numbered(7), None);
    }

    #[test]
    fn what_moves_the_depth_of_another_multiplies_both() {
        let of = |controller, moves, depth| Follow {
            controller,
            rest: 0.5,
            response: Response::Linear,
            moves,
            depth,
        };
        let product = vec![
            of(1, Moves::Amplitude, 0.2),
            of(2, Moves::Depth(0), 0.4),
            of(3, Moves::Depth(1), 2.0),
            of(4, Moves::Depth(9), 1.0),
        ];
        let follows = Follows::from(product);
        assert!(follows.deepen());
        let expected = 0.5f32 * (0.2 + 0.5 * (0.4 + 0.5 * 2.0));
        assert!((follows.gain_db_at_rest() - 20.0 * expected.log10()).abs() < 1e-3);
        let deeper = Follows::deeper(&follows, |controller| (controller == 2).then_some(0.0));
        assert_eq!(deeper[..4], [0.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn numbers_that_are_none_become_harmless() {
        for bad in [f32::NAN, f32::INFINITY, -1e30] {
            for moves in [Moves::Amplitude, Moves::PitchCents, Moves::LfoGainDb(200)] {
                let follow =
                    Follow { controller: 255, rest: bad, response: Response::Linear, moves, depth: bad };
                let follows = Follows::from(vec![follow; 100]).bounded();
                assert_eq!(follows.len(), Follows::MOST);
                assert!(follows[0].controller == 127 && follows[0].by(None).abs() <= 12_000.0);
                assert!(follows[0].by(Some(1.0)).is_finite());
            }
        }
    }

    #[test]
    fn what_is_faded_out_at_rest_says_where_it_is_loudest() {
        let fade = |rises, falls| Response::Fade(Fade { rises, falls });
        let of =
            |response| Follow { controller: 1, rest: 0.0, response, moves: Moves::Amplitude, depth: 1.0 };
        let middle = Follows::from(vec![of(fade((30, 60), (127, 127))), of(fade((0, 0), (70, 100)))]);
        assert!(!middle.are_heard_at_rest());
        let stands = middle.where_loudest();
        assert!(stands.len() == 1 && (60.0..=70.0).contains(&(127.0 * stands[0].1)), "{stands:?}");
        let roused = middle.resting_at(&stands);
        assert!(roused.are_heard_at_rest() && roused.gain_db_at_rest().abs() < 1e-3);
        assert!(Follows::default().are_heard_at_rest() && Follows::default().where_loudest().is_empty());
    }

    #[test]
    fn they_are_written_down_as_a_list() {
        let curve = Curve::through([(0, -1.0), (64, 0.0), (127, 1.0)]).unwrap();
        let follows = Follows::from(vec![Follow {
            controller: 1,
            rest: 0.5,
            response: Response::Drawn(curve),
            moves: Moves::LfoPitchCents(2),
            depth: 30.0,
        }]);
        let text = serde_json::to_string(&follows).unwrap();
        assert_eq!(serde_json::from_str::<Follows>(&text).unwrap(), follows, "{text}");
        assert_eq!(follows[0].by(Some(0.0)), -30.0);
    }
}
