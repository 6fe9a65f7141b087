//! What moves a voice while it sounds: oscillators, envelopes and controllers that pull at its pitch, its filter and its
//! level.
//!
//! Everything is worked out at the corners of a grid of [`GRID_FRAMES`] counted from the start of the note, from formulas of
//! its age and from where the controllers are heading, and is straight in between: what a frame gets does not depend on where
//! blocks begin.

use neume_bank::{
    Band, Depths, Follow, Follows, Lfo, Manner, ModulationEnvelope, Moves, Onset as Settles, Wave,
};

use super::channel::{Bend, Controls};
use super::equalizer::{Bands, Equalizer};
use super::filter::Filter;
use super::onset::Onset;
use super::panorama::{self, AS_THEY_ARE, Panorama, Sides};
use super::reader::{CHUNK, Desk};
use super::tour::Tour;

/// Frames from corner to corner.
const GRID_FRAMES: usize = CHUNK;
/// What of a zone itself it may follow.
const OWN: usize = Manner::MOST_POINT_ENVELOPES + Manner::MOST_LFOS;
/// Decibels over which the attack of a SoundFont's envelope is curved.
const CONVEX_DB: f64 = 96.0;

/// How everything stands at a corner.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Corner {
    /// Of the pitch.
    ratio: f64,
    /// Of the level, linear.
    gain: f32,
    /// Of the filter's integrators, and of those of the one behind it.
    pace: f32,
    second_pace: f32,
    bands: Bands,
    sides: Sides,
}

/// The modulation of one note.
#[derive(Debug, Clone)]
pub(super) struct Modulation {
    lfos: [Option<Lfo>; Manner::MOST_LFOS],
    envelopes: [Option<ModulationEnvelope>; Manner::MOST_MODULATION_ENVELOPES],
    filter: Option<Filter>,
    second_filter: Option<Filter>,
    equalizer: Option<Equalizer>,
    panorama: Option<Panorama>,
    /// Through the points of the zone's envelopes.
    tours: Option<[Tour; Manner::MOST_POINT_ENVELOPES]>,
    /// Whether the zone follows its own oscillators.
    follows_lfos: bool,
    /// Whether anything that the zone follows moves the depth of another.
    deepens: bool,
    /// Whether one of those envelopes says how long the note sounds, and the frame at which it has come to its end.
    ends_note: bool,
    over: Option<u64>,
    rate_hz: f64,
    /// How far each oscillator has gone ahead of its own frequency, in rounds, by what moves that.
    ahead: [f64; Manner::MOST_LFOS],
    /// The key and the velocity, 0..1.
    note: (f32, f32),
    /// The frame of the note at which its key was let go.
    released: Option<u64>,
    /// The frame of the note, and how far that is behind the last corner.
    age: u64,
    at: usize,
    from: Corner,
    to: Corner,
}

impl Modulation {
    /// That of a zone, with what is settled for a note of this key and velocity (0..1); `None` where nothing moves and nothing is
    /// filtered.
    pub fn of(
        manner: &Manner,
        onset: &Onset,
        (pitch_midi, velocity): (f64, f32),
        is_stereo: bool,
        rate_hz: f32,
        controls: Controls,
    ) -> Option<Modulation> {
        let Onset { lfos, modulation_envelopes: envelopes, .. } = *onset;
        let depths = || lfos.iter().flatten().map(|it| it.depths);
        let mut depths = depths().chain(envelopes.iter().flatten().map(|it| it.depths));
        let follows = &manner.follows;
        let deepens = follows.deepen();
        let by_follow = |it: &Follow| {
            use Moves::{CutoffCents, EnvelopeCutoffCents, LfoCutoffCents};
            let is_it = matches!(it.moves, CutoffCents | LfoCutoffCents(_) | EnvelopeCutoffCents(_));
            is_it && (it.depth != 0.0 || deepens)
        };
        let moves = depths.any(|depths| depths.cutoff_cents != 0.0) || follows.iter().any(by_follow);
        let filter = onset.filter.and_then(|told| Filter::of(told, pitch_midi, velocity, rate_hz, moves));
        let moves_second = follows.iter().any(|it| it.moves == Moves::SecondCutoffCents);
        let second_filter = onset
            .second_filter
            .and_then(|told| Filter::of(told, pitch_midi, velocity, rate_hz, moves_second));
        let equalizer = Equalizer::of(&manner.bands, rate_hz);
        let panorama = Panorama::of(manner, is_stereo);
        let is_still = lfos.iter().all(Option::is_none)
            && envelopes.iter().all(Option::is_none)
            && !follows.iter().any(Follow::is_live);
        if filter.is_none()
            && second_filter.is_none()
            && equalizer.is_none()
            && panorama.is_none()
            && is_still
        {
            return None;
        }
        let rest = Corner {
            ratio: 1.0,
            gain: 1.0,
            pace: 1.0,
            second_pace: 1.0,
            bands: Bands::default(),
            sides: AS_THEY_ARE,
        };
        let mut modulation = Modulation {
            lfos,
            envelopes,
            filter,
            second_filter,
            equalizer,
            panorama,
            tours: (!manner.point_envelopes.is_empty()).then(Default::default),
            follows_lfos: follows.iter().any(|it| it.is_of_zone() && it.controller >= Follow::OSCILLATORS),
            deepens,
            ends_note: manner.point_envelopes.iter().any(|it| it.ends_note),
            over: None,
            rate_hz: f64::from(rate_hz),
            ahead: [0.0; Manner::MOST_LFOS],
            note: ((pitch_midi / 127.0) as f32, velocity),
            released: None,
            age: 0,
            at: 0,
            from: rest,
            to: rest,
        };
        modulation.from = modulation.corner(0, manner, |controller| controls.stands(controller, 0));
        modulation.to = modulation.next_corner(0, manner, controls);
        Some(modulation)
    }

    /// Whether it sets the sound in its place.
    pub fn has_panorama(&self) -> bool {
        self.panorama.is_some()
    }

    /// The pitch of the frame that comes next, as a ratio.
    pub fn ratio(&self) -> f64 {
        self.from.ratio + (self.to.ratio - self.from.ratio) * self.at as f64 / GRID_FRAMES as f64
    }

    /// Frames up to the next corner; a piece of sound ends there.
    pub fn left_in_cell(&self) -> usize {
        GRID_FRAMES - self.at
    }

    /// The bend of the coming frames with what moves the pitch. `ratios` is room for it.
    pub fn bend<'a>(&self, bend: Bend<'a>, ratios: &'a mut [f64; CHUNK]) -> Bend<'a> {
        let step = (self.to.ratio - self.from.ratio) / GRID_FRAMES as f64;
        match bend {
            Bend::Still(bend) if step == 0.0 => Bend::Still(bend * self.from.ratio),
            _ => {
                for (i, ratio) in ratios.iter_mut().take(self.left_in_cell()).enumerate() {
                    *ratio = bend.at(i) * (self.from.ratio + step * (self.at + i) as f64);
                }
                Bend::Moving(ratios)
            }
        }
    }

    /// Filters the samples on the desk, moves their levels, and goes on behind them. `count` ends at a corner at the latest.
    /// `following` are what its zone says, and the controllers where these samples begin. Gives whether the samples have
    /// two sides now.
    pub fn shape(
        &mut self,
        desk: &mut Desk,
        stereo: bool,
        count: usize,
        following: (&Manner, Controls),
    ) -> bool {
        let at = self.at as f32;
        let share = 1.0 / GRID_FRAMES as f32;
        if let Some(filter) = &mut self.filter {
            let step = (self.to.pace - self.from.pace) * share;
            filter.run(&mut desk.samples, stereo, count, (self.from.pace, step, self.at));
        }
        if let Some(filter) = &mut self.second_filter {
            let step = (self.to.second_pace - self.from.second_pace) * share;
            filter.run(&mut desk.samples, stereo, count, (self.from.second_pace, step, self.at));
        }
        if let Some(equalizer) = &mut self.equalizer {
            let corners = (&self.from.bands, &self.to.bands);
            equalizer.run(&mut desk.samples, stereo, count, corners, (self.at, share));
        }
        if self.panorama.is_some() {
            let corners = (&self.from.sides, &self.to.sides);
            panorama::set(&mut desk.samples, stereo, count, corners, (self.at, share));
        }
        if (self.from.gain, self.to.gain) != (1.0, 1.0) {
            let step = (self.to.gain - self.from.gain) * share;
            for (i, level) in desk.levels.iter_mut().take(count).enumerate() {
                *level *= self.from.gain + step * (at + i as f32);
            }
        }
        self.at += count;
        self.age += count as u64;
        if self.at >= GRID_FRAMES {
            self.at = 0;
            self.from = self.to;
            let (manner, controls) = following;
            self.to = self.next_corner(count as u64, manner, controls);
            self.filter.iter_mut().chain(&mut self.second_filter).for_each(Filter::settle);
            self.equalizer.iter_mut().for_each(Equalizer::settle);
        }
        stereo || self.panorama.is_some()
    }

    /// The key is up: envelopes fall, from the next corner on.
    pub fn release(&mut self) {
        self.released = self.released.or(Some(self.age));
    }

    /// Whether an envelope of its zone says how long the note sounds.
    pub fn ends_note(&self) -> bool {
        self.ends_note
    }

    /// Whether that envelope has come to its end.
    pub fn is_over(&self) -> bool {
        self.over.is_some_and(|over| over <= self.age)
    }

    /// The corner behind the one that is reached now, so many frames after `controls`.
    fn next_corner(&mut self, later: u64, manner: &Manner, controls: Controls) -> Corner {
        let cell = GRID_FRAMES as u64;
        let controls = controls.of_note(self.note.0, self.note.1);
        self.corner(self.age + cell, manner, |controller| controls.stands(controller, later + cell))
    }

    /// The heights of the zone's envelopes through points at a frame of the note, and behind them those of its oscillators.
    fn heights(&mut self, age: u64, manner: &Manner, stands: impl Fn(u8) -> Option<f32>) -> [f32; OWN] {
        let mut heights = [0.0; OWN];
        let secs = |frames: u64| frames as f64 / self.rate_hz;
        if self.follows_lfos {
            let of_lfos = heights.iter_mut().skip(Manner::MOST_POINT_ENVELOPES);
            for (height, (lfo, ahead)) in of_lfos.zip(self.lfos.iter().zip(&self.ahead)) {
                *height = lfo.as_ref().map_or(0.0, |lfo| wave(lfo, secs(age), *ahead) as f32);
            }
        }
        let Some(tours) = &mut self.tours else { return heights };
        let places = (0..).zip(tours).zip(manner.point_envelopes.iter().zip(&mut heights));
        for ((place, tour), (envelope, height)) in places {
            let settled = |point: usize| {
                let sum = |what: Settles| -> f32 {
                    let of_it = manner.follows.iter().filter(|follow| follow.moves == Moves::Onset(what));
                    of_it.map(|follow| follow.by(stands(follow.controller))).sum()
                };
                let point = point as u8;
                (sum(Settles::PointSecs(place, point)), sum(Settles::PointLevel(place, point)))
            };
            if age == 0 {
                *tour = Tour::begin(envelope, &settled);
            }
            *height = tour.height(envelope, secs(age), self.released.map(secs), &settled);
            if envelope.ends_note && tour.is_over(envelope) {
                self.over = self.over.or(Some(age));
            }
        }
        heights
    }

    fn corner(&mut self, age: u64, manner: &Manner, stands: impl Fn(u8) -> Option<f32>) -> Corner {
        let heights = self.heights(age, manner, &stands);
        let stands = |controller: u8| match controller.checked_sub(Follow::ENVELOPES) {
            Some(place) => heights.get(usize::from(place)).copied(),
            None => stands(controller),
        };
        let deeper = self.deepens.then(|| Follows::deeper(&manner.follows, stands));
        let deeper = |i: usize| deeper.as_ref().and_then(|all| all.get(i)).copied().unwrap_or(0.0);
        let (mut sum, mut amplitude) = (Depths::default(), 1.0f32);
        let mut of_lfos = [Depths::default(); Manner::MOST_LFOS];
        let mut of_envelopes = [Depths::default(); Manner::MOST_MODULATION_ENVELOPES];
        let mut of_bands = [Band { freq_hz: 0.0, octaves: 0.0, gain_db: 0.0 }; Manner::MOST_BANDS];
        let (mut pan, mut width, mut second_cents) = (0.0, 0.0, 0.0);
        let secs = |frames: u64| frames as f64 / self.rate_hz;
        for (i, follow) in manner.follows.iter().enumerate().filter(|(_, follow)| follow.is_live()) {
            let by = follow.by_deeper(deeper(i), stands(follow.controller));
            let mut of_lfo = |place: u8, add: fn(&mut Depths, f32)| add_to(&mut of_lfos, place, by, add);
            let mut of_band = |place: u8, add: fn(&mut Band, f32)| add_to(&mut of_bands, place, by, add);
            match follow.moves {
                Moves::Amplitude => amplitude *= by.clamp(0.0, 64.0),
                Moves::GainDb => sum.gain_db += by,
                Moves::PitchCents => sum.pitch_cents += by,
                Moves::CutoffCents => sum.cutoff_cents += by,
                Moves::SecondCutoffCents => second_cents += by,
                Moves::LfoPitchCents(place) => of_lfo(place, |depths, by| depths.pitch_cents += by),
                Moves::LfoCutoffCents(place) => of_lfo(place, |depths, by| depths.cutoff_cents += by),
                Moves::LfoGainDb(place) => of_lfo(place, |depths, by| depths.gain_db += by),
                Moves::LfoFreqHz(place) if age > 0 => {
                    let rounds = f64::from(by) * GRID_FRAMES as f64 / self.rate_hz;
                    let waits = |lfo: Lfo| secs(age) <= f64::from(lfo.delay_secs);
                    let lfo = self.lfos.get(usize::from(place)).copied().flatten();
                    if lfo.is_some_and(|lfo| !waits(lfo)) {
                        add_to(&mut self.ahead, place, rounds, |ahead, rounds| *ahead += rounds);
                    }
                }
                Moves::LfoFreqHz(_) | Moves::Depth(_) | Moves::Onset(_) => {}
                Moves::EnvelopePitchCents(place) => {
                    add_to(&mut of_envelopes, place, by, |depths, by| depths.pitch_cents += by);
                }
                Moves::EnvelopeCutoffCents(place) => {
                    add_to(&mut of_envelopes, place, by, |depths, by| depths.cutoff_cents += by);
                }
                Moves::Pan => pan += by,
                Moves::Width => width += by,
                Moves::BandFreqHz(place) => of_band(place, |band, by| band.freq_hz += by),
                Moves::BandOctaves(place) => of_band(place, |band, by| band.octaves += by),
                Moves::BandGainDb(place) => of_band(place, |band, by| band.gain_db += by),
            }
        }
        let mut add = |depths: &Depths, height: f64| {
            let height = height as f32;
            sum.pitch_cents += depths.pitch_cents * height;
            sum.cutoff_cents += depths.cutoff_cents * height;
            sum.gain_db += depths.gain_db * height;
        };
        for (lfo, (more, ahead)) in self.lfos.iter().zip(of_lfos.iter().zip(&self.ahead)) {
            if let Some(lfo) = lfo {
                let height = wave(lfo, secs(age), *ahead);
                add(&lfo.depths, height);
                add(more, height);
            }
        }
        let released_secs =
            self.released.map(|released| (secs(released), secs(age.saturating_sub(released))));
        for (envelope, more) in self.envelopes.iter().zip(&of_envelopes) {
            let Some(envelope) = envelope else { continue };
            let height = match released_secs {
                Some((held, since)) => released(envelope, held, since),
                None => held(envelope, secs(age)),
            };
            add(&envelope.depths, height);
            add(more, height);
        }
        Corner {
            ratio: (f64::from(sum.pitch_cents.clamp(-12_000.0, 12_000.0)) / 1200.0).exp2(),
            gain: amplitude * if sum.gain_db == 0.0 { 1.0 } else { 10f32.powf(sum.gain_db.min(96.0) / 20.0) },
            pace: self.filter.as_ref().map_or(1.0, |filter| filter.pace(sum.cutoff_cents)),
            second_pace: self.second_filter.as_ref().map_or(1.0, |filter| filter.pace(second_cents)),
            bands: self.equalizer.as_ref().map_or_else(Bands::default, |it| it.gains(&of_bands)),
            sides: self.panorama.map_or(AS_THEY_ARE, |panorama| panorama.sides(pan, width)),
        }
    }
}

/// Moves one of several things, if it is there.
fn add_to<T, N>(all: &mut [T], place: u8, by: N, add: fn(&mut T, N)) {
    if let Some(it) = all.get_mut(usize::from(place)) {
        add(it, by);
    }
}

/// The height of an oscillator after so many seconds and so many rounds more, −1..1.
fn wave(lfo: &Lfo, secs: f64, ahead: f64) -> f64 {
    let since = secs - f64::from(lfo.delay_secs);
    if since <= 0.0 {
        return 0.0;
    }
    let fade = f64::from(lfo.fade_secs);
    let depth = if since < fade { since / fade } else { 1.0 };
    let rounds = f64::from(lfo.freq_hz) * since + f64::from(lfo.phase) + ahead;
    let pulse = |up: f64| f64::from(u8::from(rounds.rem_euclid(1.0) < up));
    let height = match lfo.wave {
        // From the middle up, down through the middle, and back.
        Wave::Triangle => 1.0 - 4.0 * ((rounds + 0.25).rem_euclid(1.0) - 0.5).abs(),
        Wave::Sine => {
            let x = 2.0 * rounds.rem_euclid(1.0) - 1.0;
            -4.0 * x * (1.0 - x.abs())
        }
        Wave::ThreeQuarters => pulse(0.75),
        Wave::Half => pulse(0.5),
        Wave::Quarter => pulse(0.25),
        Wave::Eighth => pulse(0.125),
        Wave::Rising => 2.0 * rounds.rem_euclid(1.0) - 1.0,
        Wave::Falling => 1.0 - 2.0 * rounds.rem_euclid(1.0),
    };
    depth * height
}

/// The height of an envelope whose key is down for so many seconds, 0..1.
fn held(envelope: &ModulationEnvelope, secs: f64) -> f64 {
    let mut left = secs - f64::from(envelope.delay_secs);
    if left < 0.0 {
        return 0.0;
    }
    let attack = f64::from(envelope.attack_secs);
    if left < attack {
        let way = left / attack;
        // A height of x is x² in power, so many decibels below full height.
        let convex = 1.0 + 40.0 * way.log10() / CONVEX_DB;
        return if envelope.convex_attack { convex.max(0.0) } else { way };
    }
    left -= attack;
    let hold = f64::from(envelope.hold_secs);
    if left < hold {
        return 1.0;
    }
    left -= hold;
    let (decay, sustain) = (f64::from(envelope.decay_secs), f64::from(envelope.sustain_norm));
    match left < decay {
        true if envelope.exponential_falls => exponential(left / decay).max(sustain),
        true => 1.0 - (1.0 - sustain) * left / decay,
        false => sustain,
    }
}

/// What is left of a fall after a part of its time.
fn exponential(part: f64) -> f64 {
    (-f64::from(ModulationEnvelope::FALL) * part).exp()
}

/// The height of an envelope whose key was down for so many seconds, so many after it went up.
fn released(envelope: &ModulationEnvelope, held_secs: f64, since_secs: f64) -> f64 {
    let release = f64::from(envelope.release_secs);
    let fallen = if release > 0.0 { since_secs / release } else { 1.0 };
    match envelope.exponential_falls {
        true => held(envelope, held_secs) * exponential(fallen),
        false => (held(envelope, held_secs) - fallen).max(0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_oscillator_waits_rises_to_its_depth_and_is_a_triangle() {
        let lfo = Lfo { freq_hz: 2.0, delay_secs: 1.0, ..Lfo::default() };
        let table =
            [(0.9, 0.0), (1.0, 0.0), (1.0625, 0.5), (1.125, 1.0), (1.25, 0.0), (1.375, -1.0), (1.5, 0.0)];
        for (secs, expected) in table {
            assert!((wave(&lfo, secs, 0.0) - expected).abs() < 1e-9, "at {secs}: {}", wave(&lfo, secs, 0.0));
        }
        let fading = Lfo { fade_secs: 0.5, ..lfo };
        assert!((wave(&fading, 1.125, 0.0) - 0.25).abs() < 1e-9);
        assert!((wave(&fading, 1.625, 0.0) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn an_envelope_goes_through_its_stages_and_falls_from_where_it_is() {
        let envelope = ModulationEnvelope {
            delay_secs: 1.0,
            attack_secs: 1.0,
            convex_attack: false,
            hold_secs: 1.0,
            decay_secs: 1.0,
            sustain_norm: 0.5,
            release_secs: 2.0,
            exponential_falls: false,
            depths: Depths::default(),
        };
        let table = [(0.5, 0.0), (1.5, 0.5), (2.5, 1.0), (3.5, 0.75), (4.0, 0.5), (99.0, 0.5)];
        for (secs, expected) in table {
            assert!((held(&envelope, secs) - expected).abs() < 1e-6, "at {secs}: {}", held(&envelope, secs));
        }
        assert!((released(&envelope, 2.5, 1.0) - 0.5).abs() < 1e-6);
        assert_eq!(released(&envelope, 2.5, 3.0), 0.0);
        let convex = ModulationEnvelope { convex_attack: true, ..envelope };
        assert!((held(&convex, 1.1) - (1.0 - 40.0 / 96.0)).abs() < 1e-6);
        assert_eq!(held(&convex, 1.0), 0.0);
        let curved = ModulationEnvelope { exponential_falls: true, ..envelope };
        for (secs, expected) in [(2.5, 1.0), (3.05, (-0.45f64).exp()), (3.5, 0.5), (99.0, 0.5)] {
            assert!((held(&curved, secs) - expected).abs() < 1e-6, "at {secs}: {}", held(&curved, secs));
        }
        assert!((released(&curved, 4.0, 0.2) - 0.5 * (-0.9f64).exp()).abs() < 1e-6);
    }
}
