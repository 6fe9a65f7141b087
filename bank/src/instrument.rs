//! Instruments: which sound of a bank serves which keys and velocities, and in what manner it is played there.

use serde::{Deserialize, Serialize};

use crate::follow::Follows;
use crate::modulation::{self, Band, Choke, Filter, Lfo, ModulationEnvelope};
use crate::points::PointEnvelope;
use crate::{Loop, Sound};

/// Sounds grouped into zones.
#[derive(Debug, Clone, PartialEq)]
pub struct Instrument {
    /// For the eye.
    pub name: String,
    /// Zones by ascending root; those of a told instrument in the order of its file.
    pub zones: Vec<Zone>,
    /// Whether a file of a sampler says so, rather than what the sounds are called.
    pub is_told: bool,
}

impl Instrument {
    /// Zones that sound together under one note, at most.
    pub const MOST_LAYERS: usize = 8;
    /// The root that a sound without pitch is played at untransposed.
    pub const UNPITCHED_ROOT_MIDI: f32 = 60.0;

    /// The instrument of a sound that no other one has.
    pub(crate) fn alone(position: usize, sound: &Sound) -> Instrument {
        let root_midi = sound.profile.root_midi.unwrap_or(Instrument::UNPITCHED_ROOT_MIDI);
        Instrument {
            name: sound.name.clone(),
            zones: vec![Zone::everywhere(position, root_midi)],
            is_told: false,
        }
    }
}

/// A sound's place in an instrument.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    /// The sound, by its position in [`crate::Bank::sounds`].
    pub sound: usize,
    /// Keys that it serves, both included.
    pub keys: (u8, u8),
    /// MIDI velocities that it serves, both included.
    pub velocities: (u8, u8),
    /// The key at which it sounds untransposed, with its fraction.
    pub root_midi: f32,
    /// How it is played there.
    pub manner: Manner,
}

impl Zone {
    /// Every key, or every velocity.
    pub const EVERY: (u8, u8) = (0, 127);

    /// A sound under every key and velocity, as it is.
    pub fn everywhere(sound: usize, root_midi: f32) -> Zone {
        Zone { sound, keys: Zone::EVERY, velocities: Zone::EVERY, root_midi, manner: Manner::default() }
    }

    /// Whether it sounds when its key is struck.
    pub fn is_struck(&self) -> bool {
        self.manner.on_release.is_none()
    }
}

/// How a zone plays its sound. The default plays it as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Manner {
    /// Beside the other zones of its instrument.
    pub gain_db: f32,
    /// -1 left to 1 right.
    pub pan: f32,
    /// Semitones from one key to the next: 1, or 0 for a drum that sounds alike on every key.
    pub tracking: f32,
    /// Added to the pitch; tunings that a root can carry are in the zone's root.
    pub tune_semitones: f32,
    /// Which loop is played.
    pub looping: Looping,
    /// The part of the sound that is played, in its frames: from the first to behind the last.
    pub span: Option<(u64, u64)>,
    /// How far into that part its notes begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_start: Option<LateStart>,
    /// Its turn among zones that serve the same keys and velocities.
    pub turn: Option<Turn>,
    /// Served where a number that is drawn for each note, 0..1, lies from the first to below the second.
    pub chance: Option<(f32, f32)>,
    /// What the file says of its loudness over time.
    pub envelope: Option<Envelope>,
    /// How far the velocity sets the level, from 0 not at all to 1 with its square, as samplers do; `None` for Neume's own
    /// curve.
    pub velocity_tracking: Option<f32>,
    /// The level by velocity, in the place of its square.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub velocity_curve: Option<Curve>,
    /// Whether it plays to its end although the key is lifted.
    pub one_shot: bool,
    /// That it sounds when the key is let go, rather than struck, and then to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_release: Option<OnRelease>,
    /// Where on the keyboard it is faded against its neighbours.
    pub key_fade: Option<Fade>,
    /// At which velocities it is faded against its neighbours.
    pub velocity_fade: Option<Fade>,
    /// How wide a stereo sound is and where it lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stereo: Option<Stereo>,
    /// How far the pitch wheel takes the pitch down and up, in semitones, where its reach is the usual one of
    /// [`Manner::USUAL_BEND`]; a reach that differs from it changes this by as much. `None` for as far as its reach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bend_semitones: Option<(f32, f32)>,
    /// The filter that its voices go through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    /// A second one behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_filter: Option<Filter>,
    /// The equalizer that they go through after it.
    #[serde(skip_serializing_if = "are_none")]
    pub bands: [Option<Band>; Manner::MOST_BANDS],
    /// What makes it tremble.
    #[serde(skip_serializing_if = "are_none")]
    pub lfos: [Option<Lfo>; Manner::MOST_LFOS],
    /// What moves its pitch and its filter once.
    #[serde(skip_serializing_if = "are_none")]
    pub modulation_envelopes: [Option<ModulationEnvelope>; Manner::MOST_MODULATION_ENVELOPES],
    /// Envelopes of which it follows the heights as it follows controllers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub point_envelopes: Vec<PointEnvelope>,
    /// What silences it, and what it silences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choke: Option<Choke>,
    /// The controllers that move it while it sounds, beside those that move everything.
    #[serde(skip_serializing_if = "is_nothing")]
    pub follows: Follows,
}

fn is_nothing(follows: &Follows) -> bool {
    follows.is_empty()
}

fn are_none<T>(all: &[Option<T>]) -> bool {
    all.iter().all(Option::is_none)
}

impl Default for Manner {
    fn default() -> Manner {
        Manner {
            gain_db: 0.0,
            pan: 0.0,
            tracking: 1.0,
            tune_semitones: 0.0,
            looping: Looping::OfSound,
            span: None,
            late_start: None,
            turn: None,
            chance: None,
            envelope: None,
            velocity_tracking: None,
            velocity_curve: None,
            one_shot: false,
            on_release: None,
            key_fade: None,
            velocity_fade: None,
            stereo: None,
            bend_semitones: None,
            filter: None,
            second_filter: None,
            bands: [None; Manner::MOST_BANDS],
            lfos: [None; Manner::MOST_LFOS],
            modulation_envelopes: [None; Manner::MOST_MODULATION_ENVELOPES],
            point_envelopes: Vec::new(),
            choke: None,
            follows: Follows::default(),
        }
    }
}

/// How a zone fades in and out along the keys or the velocities, with equal power where two of them cross.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fade {
    /// Silent at the first and below, at full level from the second on.
    pub rises: (u8, u8),
    /// At full level up to the first, silent from the second on.
    pub falls: (u8, u8),
}

impl Fade {
    /// The gain at a key or a velocity, linear, 0..1.
    pub fn gain(&self, at: f32) -> f32 {
        let share = |(from, to): (u8, u8)| match from < to {
            true => ((at - f32::from(from)) / f32::from(to - from)).clamp(0.0, 1.0),
            // A fade of no width is a step.
            false => f32::from(u8::from(at >= f32::from(from))),
        };
        let rising = if self.rises == (0, 0) { 1.0 } else { share(self.rises) };
        let falling = if self.falls == (127, 127) { 0.0 } else { share(self.falls) };
        rising.sqrt() * (1.0 - falling).sqrt()
    }
}

impl Manner {
    /// Oscillators of a zone: pitch, filter and level each have their own in some files.
    pub const MOST_LFOS: usize = 3;
    /// Envelopes of a zone beside that of its loudness: for the pitch and for the filter.
    pub const MOST_MODULATION_ENVELOPES: usize = 2;
    /// Envelopes of a zone that go through points.
    pub const MOST_POINT_ENVELOPES: usize = 4;
    /// Bands of a zone's equalizer.
    pub const MOST_BANDS: usize = 3;
    /// The reach of the pitch wheel, down and up in semitones, where nobody says another.
    pub const USUAL_BEND: (f32, f32) = (-2.0, 2.0);

    /// Whether the sound is played as it is.
    pub fn is_plain(&self) -> bool {
        *self == Manner::default()
    }

    /// The loop that is played of a sound with this loop of its own.
    pub fn sustain(&self, own: Option<Loop>) -> Option<Loop> {
        match self.looping {
            _ if self.one_shot || self.on_release.is_some() => None,
            Looping::OfSound => own,
            Looping::OfFile => own.filter(|own| own.crossfade_frames == 0),
            Looping::Never => None,
            Looping::Over(given) => Some(given),
        }
    }

    /// The same for a sound of this length: what lies outside of it is left out. Numbers that are none become harmless.
    pub fn inside(mut self, frames: u64) -> Manner {
        let number = |value: f32, most: f32, rest: f32| match value.is_finite() {
            true => value.clamp(-most, most),
            false => rest,
        };
        self.gain_db = number(self.gain_db, 144.0, 0.0);
        self.pan = number(self.pan, 1.0, 0.0);
        self.tracking = number(self.tracking, 12.0, 1.0);
        self.tune_semitones = number(self.tune_semitones, 120.0, 0.0);
        self.span = self.span.map(|(start, end)| (start, end.min(frames))).filter(|span| span.0 < span.1);
        self.span = self.span.filter(|span| *span != (0, frames));
        let (first, last) = self.span.unwrap_or((0, frames));
        if let Looping::Over(given) = self.looping {
            let end_frames = given.end_frames.min(last);
            let is_inside = first <= given.start_frames && given.start_frames < end_frames;
            self.looping = match is_inside {
                true => Looping::Over(Loop { end_frames, ..given }),
                false => Looping::Never,
            };
        }
        self.late_start = self.late_start.map(|late| LateStart {
            frames: late.frames.min(last.saturating_sub(first)),
            random_frames: late.random_frames.min(frames),
            ..late
        });
        self.turn = self.turn.filter(|turn| turn.position < turn.length && turn.length > 1);
        self.envelope = self.envelope.map(Envelope::bounded);
        self.velocity_tracking = self.velocity_tracking.map(|share| number(share.max(0.0), 1.0, 1.0));
        self.velocity_curve = self.velocity_curve.map(Curve::bounded);
        self.on_release = self.on_release.map(OnRelease::bounded);
        self.stereo = self.stereo.map(Stereo::bounded);
        self.bend_semitones = self.bend_semitones.map(|(down, up)| {
            let usual = Manner::USUAL_BEND;
            (number(down, 120.0, usual.0), number(up, 120.0, usual.1))
        });
        self.filter = self.filter.map(Filter::bounded);
        self.second_filter = self.second_filter.map(Filter::bounded);
        self.bands = self.bands.map(|band| band.map(Band::bounded));
        self.lfos = self.lfos.map(|lfo| lfo.map(Lfo::bounded));
        self.modulation_envelopes = self.modulation_envelopes.map(|it| it.map(ModulationEnvelope::bounded));
        self.point_envelopes.truncate(Manner::MOST_POINT_ENVELOPES);
        self.point_envelopes = self.point_envelopes.into_iter().map(PointEnvelope::bounded).collect();
        self.choke = self.choke.map(Choke::bounded);
        self.follows = self.follows.bounded();
        self
    }
}

/// How far into the part that is played a note begins, so that no two of them are quite alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LateStart {
    /// Always so far, before controllers move it.
    pub frames: u64,
    /// So much further at most, drawn for each note.
    pub random_frames: u64,
    /// How many of these frames a second has, and of those by which controllers move the start; 0 while the sound is not
    /// known.
    pub rate_hz: u32,
}

/// How wide a stereo sound is, and where what is left of its sides lies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stereo {
    /// 1 as it is, 0 both sides alike, −1 the sides exchanged.
    pub width: f32,
    /// −1 left to 1 right.
    pub position: f32,
}

impl Default for Stereo {
    fn default() -> Stereo {
        Stereo { width: 1.0, position: 0.0 }
    }
}

impl Stereo {
    /// The same with every number in its range.
    pub fn bounded(self) -> Stereo {
        Stereo {
            width: modulation::number(self.width, -1.0, 1.0, 1.0),
            position: modulation::number(self.position, -1.0, 1.0, 0.0),
        }
    }
}

/// How a zone sounds when its key is let go: the damper that falls, the hammer that goes back, the room.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OnRelease {
    /// It is so much fainter for each second that the note has sounded, in decibels, 0..200.
    pub decay_db_per_sec: f32,
    /// Whether it sounds when the key goes up, although a pedal holds the note.
    pub ignores_pedal: bool,
}

impl OnRelease {
    fn bounded(self) -> OnRelease {
        let decay = if self.decay_db_per_sec.is_finite() { self.decay_db_per_sec } else { 0.0 };
        OnRelease { decay_db_per_sec: decay.clamp(0.0, 200.0), ..self }
    }
}

/// A number for every velocity, or everywhere that a controller can stand: straight lines through a few points, from 0 at 0
/// to 1 at 127 where the ends are not among them. It is kept as a list of its points.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<(u8, f32)>", into = "Vec<(u8, f32)>")]
pub struct Curve {
    /// Places 0..=127 in ascending order, with a number −1..=1 each; the last is repeated where there are fewer.
    points: [(u8, f32); Curve::POINTS],
}

impl Curve {
    /// Points of a curve, its ends included.
    pub(crate) const POINTS: usize = 12;

    /// The curve through these points, or through as many of them as it has; `None` where there is none.
    pub fn through(given: impl IntoIterator<Item = (u8, f32)>) -> Option<Curve> {
        let mut all: Vec<(u8, f32)> = given.into_iter().filter(|(_, level)| level.is_finite()).collect();
        if all.is_empty() {
            return None;
        }
        all.extend([(0, 0.0), (127, 1.0)]);
        // What is given goes before the ends.
        all.sort_by_key(|point| point.0);
        all.dedup_by_key(|point| point.0);
        let last = all.len() - 1;
        let steps = last.min(Curve::POINTS - 1);
        Some(Curve { points: std::array::from_fn(|i| all[i.min(steps) * last / steps]) })
    }

    /// The number at a place, 0..=127.
    pub fn level(&self, at: f32) -> f32 {
        on_line(&self.points, at)
    }

    /// The points, each once.
    pub fn points(&self) -> impl Iterator<Item = (u8, f32)> + '_ {
        let repeats = |i: usize| i > 0 && self.points[i - 1].0 == self.points[i].0;
        (0..Curve::POINTS).filter(move |i| !repeats(*i)).map(|i| self.points[i])
    }

    pub(crate) fn bounded(mut self) -> Curve {
        for (place, level) in &mut self.points {
            *place = (*place).min(127);
            *level = if level.is_finite() { level.clamp(-1.0, 1.0) } else { 1.0 };
        }
        self.points.sort_by_key(|point| point.0);
        self
    }
}

impl From<Vec<(u8, f32)>> for Curve {
    fn from(points: Vec<(u8, f32)>) -> Curve {
        let whole = Curve { points: [(127, 1.0); Curve::POINTS] };
        Curve::through(points).unwrap_or(whole).bounded()
    }
}

impl From<Curve> for Vec<(u8, f32)> {
    fn from(curve: Curve) -> Vec<(u8, f32)> {
        curve.points().collect()
    }
}

/// The line through points by ascending place, at a place; before the first and behind the last it is level.
pub(crate) fn on_line(points: &[(u8, f32)], x: f32) -> f32 {
    let mut ends = points.windows(2).map(|part| (part[0], part[1]));
    let Some(((from, a), (to, b))) = ends.clone().find(|(_, end)| x <= f32::from(end.0)).or(ends.next_back())
    else {
        return points.first().map_or(0.0, |point| point.1);
    };
    let (from, to) = (f32::from(from), f32::from(to));
    a + (b - a) * ((x - from) / (to - from).max(1.0)).clamp(0.0, 1.0)
}

/// Which loop of a sound a zone plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Looping {
    /// Its own, or the one that was found.
    #[default]
    OfSound,
    /// Its own, if its file says it: one that was found has a crossfade.
    OfFile,
    /// None.
    Never,
    /// This one.
    Over(Loop),
}

/// A place in a round robin: the strikes of a key are counted from 0, and this zone serves those that leave
/// `position` when they are divided by `length`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// 0..length.
    pub position: u16,
    /// Zones that take turns; at least 2.
    pub length: u16,
}

/// Loudness over time as a file of a sampler says it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Silent for so long; the sound goes on meanwhile.
    #[serde(default)]
    pub delay_secs: f32,
    /// From silence to the peak, in a straight line.
    pub attack_secs: f32,
    /// At the peak.
    pub hold_secs: f32,
    /// From the peak to the sustain, in a straight line of decibels.
    pub decay_secs: f32,
    /// Level of a held key, linear, 0..1.
    pub sustain_norm: f32,
    /// From full level to [`Envelope::RELEASE_DB`] below, in a straight line of decibels.
    pub release_secs: f32,
}

impl Envelope {
    /// What a release loses in its time.
    pub const RELEASE_DB: f32 = 60.0;
    /// A level below this is silence, linear: a decay to nothing ends here.
    pub const SILENCE: f32 = 1e-5;
    /// At full level while the key is down, and silent at once when it is up.
    pub const OPEN: Envelope = Envelope {
        delay_secs: 0.0,
        attack_secs: 0.0,
        hold_secs: 0.0,
        decay_secs: 0.0,
        sustain_norm: 1.0,
        release_secs: 0.0,
    };
    /// Longest stage.
    const MOST_SECS: f32 = 100.0;

    /// How far the decay falls, in dB.
    pub fn decay_db(&self) -> f32 {
        -20.0 * self.sustain_norm.clamp(Envelope::SILENCE, 1.0).log10()
    }

    fn bounded(self) -> Envelope {
        let secs = |secs: f32| if secs.is_finite() { secs.clamp(0.0, Envelope::MOST_SECS) } else { 0.0 };
        let sustain = if self.sustain_norm.is_finite() { self.sustain_norm.clamp(0.0, 1.0) } else { 1.0 };
        Envelope {
            delay_secs: secs(self.delay_secs),
            attack_secs: secs(self.attack_secs),
            hold_secs: secs(self.hold_secs),
            decay_secs: secs(self.decay_secs),
            sustain_norm: sustain,
            release_secs: secs(self.release_secs),
        }
    }
}
