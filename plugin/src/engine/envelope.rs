//! The loudness of a note over time: attack, decay, sustain, release.
//!
//! Each segment is an exponential that arrives exactly at its end: `f(x) = (e^(−cx) − e^(−c)) / (1 − e^(−c))`. It is
//! evaluated on a grid of [`GRID_FRAMES`] counted from the segment's start and is straight in between, so what a frame
//! gets depends only on its distance from that start.

use neume_bank::Envelope as Told;

use super::settings::{Settings, within};

/// Frames between two evaluations of the exponential.
const GRID_FRAMES: u32 = 16;
/// Curvature of an attack: rises like a capacitor that charges to 1 − e⁻³.
const ATTACK_CURVE: f64 = 3.0;
/// Curvature of decay and release: 60 dB over the segment, in a straight line of decibels.
const FALL_CURVE: f64 = 6.907_755;
/// Curvature of what is as good as a straight line.
const STRAIGHT: f64 = 1e-3;
/// Shortest decay and release that do not click.
const SHORTEST_FALL_SECS: f32 = 0.004;
/// Falls shorter than this are straighter, so that their first step is no click.
const STRAIGHTENED_SECS: f32 = 0.02;
/// How fast a held note follows a change of the sustain level.
const FOLLOW_SECS: f32 = 0.02;

/// How curved a fall of this length is.
fn straightened(secs: f32) -> f64 {
    f64::from((secs / STRAIGHTENED_SECS).min(1.0))
}

/// The settings of an envelope, in frames.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Shape {
    delay_frames: u32,
    attack_frames: u32,
    attack_curve: f64,
    hold_frames: u32,
    decay_frames: u32,
    decay_curve: f64,
    sustain: f32,
    release_frames: u32,
    release_curve: f64,
    follow_frames: u32,
}

impl Shape {
    pub fn new(settings: &Settings, rate_hz: f32) -> Shape {
        let frames = |secs: f32| (secs * rate_hz).round() as u32;
        let decay_secs = settings.decay_secs.max(SHORTEST_FALL_SECS);
        let release_secs = settings.release_secs.max(SHORTEST_FALL_SECS);
        let curve = |secs: f32| FALL_CURVE * straightened(secs);
        Shape {
            delay_frames: 0,
            attack_frames: frames(settings.attack_secs),
            attack_curve: ATTACK_CURVE,
            hold_frames: 0,
            decay_frames: frames(decay_secs),
            decay_curve: curve(decay_secs),
            sustain: settings.sustain_norm,
            release_frames: frames(release_secs),
            release_curve: curve(release_secs),
            follow_frames: frames(FOLLOW_SECS),
        }
    }

    /// The settings over what a zone says of itself. Settings at rest leave the zone's envelope as it is: an attack is added,
    /// a sustain multiplied, and the zone's release is longer or shorter by as much as the setting differs from its
    /// default.
    pub fn under(settings: &Settings, told: Option<Told>, rate_hz: f32) -> Shape {
        let plain = Shape::new(settings, rate_hz);
        let Some(told) = told else { return plain };
        let secs = |secs: f32| within(secs, 0.0, 100.0, 0.0);
        let frames = |secs: f32| (secs * rate_hz).round() as u32;
        let level = within(told.sustain_norm, 0.0, 1.0, 1.0);
        let (decay_frames, decay_curve) = if level < 1.0 {
            let decay_secs = secs(told.decay_secs).max(SHORTEST_FALL_SECS);
            // With this curvature the fall is a straight line of decibels that ends at the sustain.
            let curve = -f64::from(level.max(Told::SILENCE)).ln() * straightened(decay_secs);
            (frames(decay_secs), curve.max(STRAIGHT))
        } else {
            (plain.decay_frames, plain.decay_curve)
        };
        let longer = settings.release_secs / Settings::default().release_secs;
        let release_secs = (secs(told.release_secs) * longer).clamp(SHORTEST_FALL_SECS, 100.0);
        Shape {
            delay_frames: frames(secs(told.delay_secs)),
            attack_frames: frames(secs(told.attack_secs) + settings.attack_secs),
            attack_curve: if settings.attack_secs > told.attack_secs { ATTACK_CURVE } else { STRAIGHT },
            hold_frames: frames(secs(told.hold_secs)),
            decay_frames,
            decay_curve,
            sustain: level * settings.sustain_norm,
            release_frames: frames(release_secs),
            release_curve: FALL_CURVE * straightened(release_secs),
            ..plain
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Delay,
    Attack,
    Hold,
    Decay,
    Sustain,
    Release,
    Done,
}

/// A stretch from one level to another.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Segment {
    from: f32,
    to: f32,
    curve: f64,
    frames: u32,
    /// Frames since its start.
    at: u32,
    /// The cell of the grid that `at` lies in: its level at the left edge, at the right one, and its step.
    cell: (f32, f32, f32),
}

impl Segment {
    fn new(from: f32, to: f32, curve: f64, frames: u32) -> Segment {
        let mut segment = Segment { from, to, curve, frames, at: 0, cell: (from, from, 0.0) };
        segment.enter_cell();
        segment
    }

    fn level_at(&self, frame: u32) -> f32 {
        if frame >= self.frames {
            return self.to;
        }
        let x = f64::from(frame) / f64::from(self.frames);
        let floor = (-self.curve).exp();
        let left = ((-self.curve * x).exp() - floor) / (1.0 - floor);
        (f64::from(self.to) + f64::from(self.from - self.to) * left) as f32
    }

    /// Moves on to the cell that begins at `at`.
    fn enter_cell(&mut self) {
        let end = (self.at + GRID_FRAMES).min(self.frames);
        let (from, to) = (self.cell.1, self.level_at(end));
        self.cell = (from, to, (to - from) / end.saturating_sub(self.at).max(1) as f32);
    }

    /// The level of the frame that comes next.
    fn level(&self) -> f32 {
        self.cell.0 + self.cell.2 * (self.at % GRID_FRAMES) as f32
    }

    /// Fills what is left of the present cell of the grid, or of `out`; gives the number of frames.
    fn fill(&mut self, out: &mut [f32]) -> usize {
        let offset = self.at % GRID_FRAMES;
        let left = (GRID_FRAMES - offset).min(self.frames.saturating_sub(self.at)) as usize;
        let count = left.min(out.len());
        let (start, _, step) = self.cell;
        for (i, level) in out.iter_mut().take(count).enumerate() {
            *level = start + step * (offset + i as u32) as f32;
        }
        self.at += count as u32;
        if count == left {
            self.enter_cell();
        }
        count
    }
}

/// The envelope of one note.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Envelope {
    shape: Shape,
    stage: Stage,
    segment: Segment,
}

impl Envelope {
    /// Begins at the first frame of the attack, or of the delay before it.
    pub fn start(shape: Shape) -> Envelope {
        let (stage, segment) = match shape.delay_frames {
            0 => (Stage::Attack, Segment::new(0.0, 1.0, shape.attack_curve, shape.attack_frames)),
            frames => (Stage::Delay, Segment::new(0.0, 0.0, STRAIGHT, frames)),
        };
        let mut envelope = Envelope { shape, stage, segment };
        envelope.settle();
        envelope
    }

    /// One that is over.
    pub fn over() -> Envelope {
        let segment = Segment { from: 0.0, to: 0.0, curve: 1.0, frames: 0, at: 0, cell: (0.0, 0.0, 0.0) };
        Envelope { shape: Shape::default(), stage: Stage::Done, segment }
    }

    /// The level of the frame that comes next.
    pub fn level(&self) -> f32 {
        match self.stage {
            Stage::Sustain => self.segment.to,
            Stage::Done => 0.0,
            Stage::Delay | Stage::Attack | Stage::Hold | Stage::Decay | Stage::Release => {
                self.segment.level()
            }
        }
    }

    pub fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// Fills `out` and gives the number of frames until the envelope is done, or all of them.
    pub fn fill(&mut self, out: &mut [f32]) -> usize {
        let mut filled = 0;
        while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.stage {
                Stage::Done => break,
                Stage::Sustain => {
                    rest.fill(self.segment.to);
                    filled += rest.len();
                }
                Stage::Delay | Stage::Attack | Stage::Hold | Stage::Decay | Stage::Release => {
                    filled += self.segment.fill(rest);
                    self.settle();
                }
            }
        }
        filled
    }

    /// The key is up: falls to silence from wherever it is.
    pub fn release(&mut self) {
        if self.stage == Stage::Delay {
            self.stage = Stage::Done;
        } else if !matches!(self.stage, Stage::Release | Stage::Done) {
            self.go(Stage::Release, 0.0, self.shape.release_curve, self.shape.release_frames);
        }
    }

    /// Falls by 60 dB in so long, whatever it was about.
    pub fn fall(&mut self, secs: f32, rate_hz: f32) {
        let secs = within(secs, SHORTEST_FALL_SECS, 100.0, SHORTEST_FALL_SECS);
        let frames = (secs * rate_hz).round() as u32;
        let left = self.segment.frames.saturating_sub(self.segment.at);
        if self.stage != Stage::Done && (self.stage != Stage::Release || frames < left) {
            self.go(Stage::Release, 0.0, FALL_CURVE * straightened(secs), frames);
        }
    }

    /// Takes new settings: a held note follows the sustain level, everything else counts from the next segment on.
    pub fn reshape(&mut self, shape: Shape) {
        let follows = shape.sustain != self.shape.sustain;
        self.shape = shape;
        if !follows {
            return;
        }
        match self.stage {
            Stage::Sustain => self.go(Stage::Decay, shape.sustain, FALL_CURVE, shape.follow_frames),
            Stage::Decay => {
                let left = self.segment.frames.saturating_sub(self.segment.at);
                self.go(Stage::Decay, shape.sustain, FALL_CURVE, left.max(shape.follow_frames));
            }
            Stage::Delay | Stage::Attack | Stage::Hold | Stage::Release | Stage::Done => {}
        }
    }

    fn go(&mut self, stage: Stage, to: f32, curve: f64, frames: u32) {
        let from = self.level();
        self.stage = stage;
        self.segment = Segment::new(from, to, curve, frames);
    }

    /// Enters the stage that follows a finished segment.
    fn settle(&mut self) {
        if self.segment.at < self.segment.frames {
            return;
        }
        self.stage = match self.stage {
            Stage::Delay => {
                self.segment = Segment::new(0.0, 1.0, self.shape.attack_curve, self.shape.attack_frames);
                Stage::Attack
            }
            Stage::Attack if self.shape.hold_frames > 0 => {
                self.segment = Segment::new(1.0, 1.0, 1.0, self.shape.hold_frames);
                Stage::Hold
            }
            Stage::Attack | Stage::Hold if self.shape.sustain < 1.0 => {
                self.segment =
                    Segment::new(1.0, self.shape.sustain, self.shape.decay_curve, self.shape.decay_frames);
                Stage::Decay
            }
            Stage::Decay if self.segment.to < Told::SILENCE => Stage::Done,
            Stage::Attack | Stage::Hold | Stage::Decay | Stage::Sustain => Stage::Sustain,
            Stage::Release | Stage::Done => Stage::Done,
        };
    }
}
