//! One sounding note: a zone's samples, read at a pitch, shaped by an envelope, added to the output.

use std::sync::Arc;

use neume_bank::{Choke, Fade, Follow, LateStart, Manner, Moves, Restrike};

use super::channel::{Bend, Controls, Glide, MODULATION, Motion, Tremble};
use super::envelope::{Envelope, Shape};
use super::events::{Expression, Note};
use super::interpolation::Kernels;
use super::modulation::Modulation;
use super::onset::Onset;
use super::panorama::panned;
use super::ramp::Ramp;
use super::reader::{CHUNK, Desk, Reader, smooth};
use super::settings::{Settings, within};
use super::slots::{Departed, Departure, Part, finite, let_go};
use super::stream::Stream;
use super::wheel::Wheel;
use crate::handoff::{Page, PageAsk, Pcm, Playable};
use crate::streaming::HEAD_FRAMES;

/// A voice that is stolen or choked fades over this time.
const FADE_SECS: f32 = 0.004;
/// Volume and pan glide over this time.
const EXPRESSION_SECS: f32 = 0.01;
/// The tuning of a note glides over this time.
const TUNING_SECS: f32 = 0.005;

/// Where a note is between its key's going down and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Not sounding.
    Free,
    /// Its key is down.
    Held,
    /// Its key is up, the pedal holds it.
    Pedalled,
    /// On its way to silence by the envelope.
    Released,
    /// Stolen or choked: gone in a moment.
    Fading,
}

/// How a note begins.
#[derive(Debug)]
pub(super) struct Start<'a> {
    pub note: Note,
    pub part: Part,
    /// 0..1.
    pub velocity: f32,
    pub settings: Settings,
    pub rate_hz: f32,
    /// The bend of its channel, as a ratio.
    pub bend: f64,
    /// The controllers of its channel.
    pub controls: Controls<'a>,
    /// Lets the key go by itself after so many frames.
    pub once_frames: Option<u32>,
    /// Counts the notes, for the order of their age.
    pub serial: u64,
    /// Beside what its zone says.
    pub gain_db: f32,
    /// Whether its key is up from the start, and it sounds because of that.
    pub is_release: bool,
    /// As in [`super::slots::Chord`].
    pub releases: Option<u32>,
}

/// One voice.
#[derive(Debug)]
pub(super) struct Voice {
    pub state: State,
    pub note: Note,
    pub serial: u64,
    /// Counts the voices, so that pages of an earlier one are not taken for its own.
    pub birth: u64,
    /// Frames that it has sounded.
    pub age_frames: u64,
    /// What it last added to the output, left and right.
    pub last: [f32; 2],
    sound: Option<Arc<Playable>>,
    zone: usize,
    reader: Reader,
    stream: Stream,
    gain: f32,
    /// Of its zone's place between left and right.
    sides: [f32; 2],
    one_shot: bool,
    /// What its zone says of the envelope.
    told: Option<neume_bank::Envelope>,
    /// What silences it, until that has happened.
    choke: Option<Choke>,
    modulation: Option<Modulation>,
    /// How far its zone follows the pitch wheel, where that is not as far as others do.
    wheel: Option<Wheel>,
    /// Whether its zone has a use of its own for what would make it tremble.
    trembles_itself: bool,
    /// The pressure on its key alone, and how it trembles by that.
    pressure: Option<Glide>,
    tremble: Tremble,
    volume: Ramp,
    pan: Ramp,
    envelope: Envelope,
    once_frames: Option<u32>,
    pitch_midi: f64,
    velocity: f32,
    /// As in [`Start`].
    releases: Option<u32>,
    /// That its key was let go, until what sounds then has begun.
    departure: Option<Departure>,
    fade_frames: u32,
    fade_left: u32,
    /// Whether the disk was too slow for it.
    pub starved: bool,
}

impl Voice {
    pub fn new() -> Voice {
        Voice {
            state: State::Free,
            note: Note::new(0, 0),
            serial: 0,
            birth: 0,
            age_frames: 0,
            last: [0.0; 2],
            sound: None,
            zone: 0,
            reader: Reader::idle(),
            stream: Stream::default(),
            gain: 0.0,
            sides: [1.0; 2],
            one_shot: false,
            told: None,
            choke: None,
            modulation: None,
            wheel: None,
            trembles_itself: false,
            pressure: None,
            tremble: Tremble::at_rest(),
            volume: Ramp::at(1.0),
            pan: Ramp::at(0.0),
            envelope: Envelope::over(),
            once_frames: None,
            pitch_midi: 60.0,
            velocity: 0.0,
            releases: None,
            departure: None,
            fade_frames: 1,
            fade_left: 0,
            starved: false,
        }
    }

    /// Begins a note. Whatever the voice played before is gone.
    pub fn start(&mut self, start: Start) {
        self.stop();
        let drawn = start.part.drawn();
        let Part { sound, zone, pitch_midi, .. } = start.part;
        let Some(place) = sound.zones.get(zone) else {
            return let_go(sound);
        };
        let manner = &place.manner;
        let loudness = within(sound.gain, 0.0, 64.0, 1.0);
        let velocity = within(start.velocity, 0.0, 1.0, 1.0);
        let controls = start.controls.of_note((pitch_midi / 127.0) as f32, velocity);
        let onset = Onset::of(manner, controls);
        let shape = Shape::under(&start.settings, onset.envelope, start.rate_hz);
        let is_stereo = place.pcm.right.is_some();
        let note = (pitch_midi, velocity);
        let modulation = Modulation::of(manner, &onset, note, is_stereo, start.rate_hz, controls);
        let wheel = Wheel::of(manner);
        let bend = wheel.map_or(start.bend, |wheel| wheel.ratio(start.bend));
        let bend = modulation.as_ref().map_or(bend, |it| bend * it.ratio());
        let in_panorama = modulation.as_ref().is_some_and(Modulation::has_panorama);
        let mut reader = Reader::new(place, pitch_midi, bend, start.rate_hz);
        if let Some(late) = manner.late_start {
            reader.skip(late_frames(late, onset.start_frames, drawn, &place.pcm));
        }
        let stream = Stream::new(&place.pcm);
        reader.reach(&place.pcm, stream.available());
        *self = Voice {
            state: if start.is_release { State::Released } else { State::Held },
            note: start.note,
            serial: start.serial,
            zone,
            reader,
            stream,
            gain: loudness
                * leveled(start.velocity, onset.velocity_tracking, manner)
                * faded(manner, pitch_midi, start.velocity)
                * zone_gain(manner.gain_db)
                * zone_gain(start.gain_db),
            sides: if in_panorama { [1.0; 2] } else { panned(manner.pan) },
            one_shot: manner.one_shot,
            told: onset.envelope,
            choke: manner.choke.map(Choke::bounded),
            modulation,
            wheel,
            trembles_itself: trembles_itself(manner),
            envelope: Envelope::start(shape),
            once_frames: start.once_frames,
            pitch_midi,
            velocity,
            releases: start.releases,
            fade_frames: ((FADE_SECS * start.rate_hz).round() as u32).max(1),
            sound: Some(sound),
            ..Voice::new()
        };
    }

    /// How loud it is by its envelope and velocity, linear.
    pub fn level(&self) -> f32 {
        self.envelope.level() * self.gain
    }

    /// The key is up and no pedal holds it.
    pub fn release(&mut self) {
        if matches!(self.state, State::Held | State::Pedalled) {
            self.state = State::Released;
            if !self.one_shot {
                self.fall();
            }
        }
    }

    /// Its envelopes fall.
    fn fall(&mut self) {
        if !self.modulation.as_ref().is_some_and(Modulation::ends_note) {
            self.envelope.release();
        }
        self.modulation.iter_mut().for_each(Modulation::release);
    }

    /// The key, or the pedal, lets it go: what sounds then is owed.
    pub fn depart(&mut self, departure: Departure) {
        match departure {
            Departure::KeyUnderPedal => self.state = State::Pedalled,
            Departure::Key | Departure::Pedal => self.release(),
        }
        self.departure = self.releases.map(|_| departure);
    }

    /// What is owed, once.
    pub fn departed(&mut self, rate_hz: f32) -> Option<Departed> {
        let way = self.departure.take()?;
        let strike = self.releases?;
        let sound = self.sound.clone()?;
        let secs = self.age_frames as f32 / rate_hz;
        let (note, serial, pitch_midi, velocity) = (self.note, self.serial, self.pitch_midi, self.velocity);
        Some(Departed { sound, note, serial, strike, pitch_midi, velocity, secs, way })
    }

    /// Owes nothing: another voice of its strike has seen to it.
    pub fn forget_departure(&mut self) {
        self.departure = None;
    }

    /// Whether a new note of the same instrument, whose zone chokes so, silences it.
    pub fn is_choked_by(&self, start: &Start, by: Choke) -> bool {
        let is_own = self.sound.as_ref().is_some_and(|own| Arc::ptr_eq(own, &start.part.sound));
        let Some(own) = self.choke.filter(|_| is_own) else { return false };
        let is_struck_anew = !start.is_release
            && (start.note.channel, start.note.key) == (self.note.channel, self.note.key)
            && by.group == own.group
            && match own.restrike {
                Restrike::PassedOver => false,
                Restrike::SilencesSofter => self.velocity <= start.velocity,
                Restrike::Silences => true,
            };
        is_struck_anew || by.group != 0 && own.off_by == by.group
    }

    /// Another note of its instrument silences it; one that was not heard yet ends at once.
    pub fn choke(&mut self, rate_hz: f32) {
        let Some(choke) = self.choke.take() else { return };
        if self.age_frames == 0 {
            return self.stop();
        }
        self.state = State::Released;
        if let Some(secs) = choke.off_secs {
            self.envelope.fall(secs, rate_hz);
        }
        self.fall();
    }

    /// Ends it in a short fade; a voice that was not heard yet ends at once.
    pub fn fade(&mut self) {
        match self.state {
            State::Free | State::Fading => {}
            _ if self.age_frames == 0 => self.stop(),
            State::Held | State::Pedalled | State::Released => {
                self.state = State::Fading;
                self.fade_left = self.fade_frames;
            }
        }
    }

    /// Ends it at once.
    pub fn stop(&mut self) {
        self.state = State::Free;
        self.stream = Stream::default();
        if let Some(sound) = self.sound.take() {
            let_go(sound);
        }
    }

    fn pcm(&self) -> Option<&Arc<Pcm>> {
        Some(&self.sound.as_ref()?.zones.get(self.zone)?.pcm)
    }

    /// Asks for the pages of a streamed sound that it will come to. `place` is its own among the voices.
    pub fn ask(&mut self, place: usize, asks: &mut rtrb::Producer<PageAsk>) {
        let Some(sound) = &self.sound else { return };
        let Some(zone) = sound.zones.get(self.zone) else { return };
        self.stream.ask((place, self.birth), &zone.pcm, self.reader.frame(), asks);
    }

    /// Takes a page of its sound, or that it cannot be had.
    pub fn take_page(&mut self, number: u32, page: Option<Arc<Page>>) {
        let Some(sound) = &self.sound else { return };
        let Some(zone) = sound.zones.get(self.zone) else { return };
        match page {
            Some(page) => self.stream.take(page, zone.pcm.left.len()),
            None => self.stream.miss(number),
        }
        self.reader.reach(&zone.pcm, self.stream.available());
    }

    /// Whether a page that it asked for has not come.
    pub fn is_waiting(&self) -> bool {
        self.pcm().is_some_and(|pcm| self.stream.is_waiting(pcm))
    }

    /// Whether it has come to the end of what is there of its sound, and more is on its way.
    fn is_starved(&self, pcm: &Pcm) -> bool {
        let all = pcm.rest.as_ref().map_or(0, |rest| rest.frames());
        let available = self.stream.available();
        available < all && self.reader.frame() >= available && !self.stream.is_cut(pcm)
    }

    /// How far its fade still has to go, in frames.
    pub fn fade_left(&self) -> u32 {
        self.fade_left
    }

    pub fn reshape(&mut self, settings: &Settings, rate_hz: f32) {
        self.envelope.reshape(Shape::under(settings, self.told, rate_hz));
    }

    /// Follows an expression of its note; at its very start at once, later in a glide.
    pub fn express(&mut self, expression: Expression, now: u64, rate_hz: f32) {
        let frames = |secs: f32| if self.age_frames == 0 { 0 } else { (secs * rate_hz).round() as u32 };
        match expression {
            Expression::Tuning(semitones) => {
                self.reader.tune(within(semitones, -120.0, 120.0, 0.0), frames(TUNING_SECS));
            }
            Expression::Volume(gain) => {
                self.volume.glide(f64::from(within(gain, 0.0, 4.0, 1.0)), frames(EXPRESSION_SECS));
            }
            Expression::Pan(pan) => {
                self.pan.glide(f64::from(within(pan, -1.0, 1.0, 0.0)), frames(EXPRESSION_SECS));
            }
            Expression::Pressure(pressure) => {
                let pressure = within(pressure, 0.0, 1.0, 0.0);
                // One that was never pressed stays as it is.
                if pressure != 0.0 || self.pressure.is_some() {
                    self.pressure = Some(Glide::to(self.pressure, pressure, now, rate_hz));
                    self.tremble.reach(pressure, rate_hz);
                }
            }
        }
    }

    /// Adds as many frames as the outputs hold. Gives the number of frames until it ended, or all of them.
    pub fn render(
        &mut self,
        kernels: &Kernels,
        desk: &mut Desk,
        motion: &Motion,
        left: &mut [f32],
        right: &mut [f32],
    ) -> usize {
        let Some(sound) = self.sound.take() else {
            self.state = State::Free;
            return 0;
        };
        let mut done = 0;
        while let (Some(left), Some(right)) = (left.get_mut(done..), right.get_mut(done..))
            && !left.is_empty()
            && self.state != State::Free
        {
            // Most often one piece is all.
            let rest = if done == 0 { None } else { Some(motion.from(done)) };
            let motion = rest.as_ref().unwrap_or(motion);
            done += self.render_piece(&sound, kernels, desk, motion, left, right);
        }
        self.sound = Some(sound);
        if self.state == State::Free {
            self.stop();
        }
        done
    }

    /// Renders up to the next thing that changes how it sounds, and at most what the desk has room for.
    fn render_piece(
        &mut self,
        sound: &Playable,
        kernels: &Kernels,
        desk: &mut Desk,
        motion: &Motion,
        left: &mut [f32],
        right: &mut [f32],
    ) -> usize {
        let bend = if self.trembles_itself { motion.bend } else { motion.vibrating };
        let most = left.len().min(right.len()).min(CHUNK);
        let most = self.once_frames.map_or(most, |once| most.min(once.max(1) as usize));
        let most = if self.state == State::Fading { most.min(self.fade_left as usize) } else { most };
        let mut turned;
        let bend = match self.wheel {
            Some(wheel) => {
                turned = [1.0; CHUNK];
                wheel.turned(motion.bend, bend, &mut turned)
            }
            None => bend,
        };
        let mut trembling;
        let bend = if self.trembles_itself || self.tremble.is_at_rest() {
            bend
        } else {
            let mut tremble = self.tremble;
            trembling = [1.0; CHUNK];
            for (i, ratio) in trembling.iter_mut().take(most).enumerate() {
                *ratio = bend.at(i) * tremble.next();
            }
            Bend::Moving(&trembling)
        };
        let mut ratios = [1.0; CHUNK];
        let (most, bend) = match &self.modulation {
            Some(modulation) => (most.min(modulation.left_in_cell()), modulation.bend(bend, &mut ratios)),
            None => (most, bend),
        };
        let Some(zone) = sound.zones.get(self.zone) else {
            self.state = State::Free;
            return 0;
        };
        let stretch = self.reader.plan(desk, bend, most);
        let count = stretch.frames;
        let levels = desk.levels.get_mut(..count).unwrap_or(&mut []);
        let shaped = self.envelope.fill(levels);
        levels.iter_mut().skip(shaped).for_each(|level| *level = 0.0);
        if self.state == State::Fading {
            self.fade_levels(levels);
        }
        self.tremble.skip(count);
        let mut stereo = self.reader.read(kernels, desk, (&zone.pcm, &self.stream), stretch);
        if let Some(modulation) = &mut self.modulation {
            let controls = motion.controls.pressed(self.pressure);
            stereo = modulation.shape(desk, stereo, count, (&zone.manner, controls));
        }
        let heard = |side: &mut [f32]| -> usize { side.len().min(count) };
        let (on_left, on_right) = (heard(left), heard(right));
        let sides = [left.split_at_mut(on_left).0, right.split_at_mut(on_right).0];
        self.mix(desk, stereo, motion, sides);
        self.age_frames += count as u64;
        self.starved |= self.is_starved(&zone.pcm);
        self.finish_piece(count, shaped);
        shaped
    }

    fn fade_levels(&mut self, levels: &mut [f32]) {
        for level in levels {
            *level *= smooth(self.fade_left as f32 / self.fade_frames as f32);
            self.fade_left = self.fade_left.saturating_sub(1);
        }
    }

    /// Adds the desk's samples, shaped, to the outputs, left and right.
    fn mix(&mut self, desk: &Desk, stereo: bool, motion: &Motion, [left, right]: [&mut [f32]; 2]) {
        let [from_left, from_right] = &desk.samples;
        let from_right = if stereo { from_right } else { from_left };
        let mut gains = self.gains(motion, 0);
        let moves = motion.volume.is_moving() || motion.pan.is_moving();
        if moves || self.volume.is_moving() || self.pan.is_moving() {
            for (i, (left, right)) in left.iter_mut().zip(right.iter_mut()).enumerate() {
                gains = self.gains(motion, i);
                add(std::slice::from_mut(left), from_left.get(i..), desk.levels.get(i..), gains[0]);
                add(std::slice::from_mut(right), from_right.get(i..), desk.levels.get(i..), gains[1]);
                self.volume.step();
                self.pan.step();
            }
        } else {
            add(left, from_left.get(..), desk.levels.get(..), gains[0]);
            add(right, from_right.get(..), desk.levels.get(..), gains[1]);
        }
        if let Some(newest) = left.len().checked_sub(1).filter(|&i| i < CHUNK) {
            let level = desk.levels[newest];
            self.last = [from_left[newest] * (level * gains[0]), from_right[newest] * (level * gains[1])];
        }
    }

    /// Linear gains of a frame, left and right. Panning turns one side down; the centre leaves both alone.
    fn gains(&self, motion: &Motion, frame: usize) -> [f32; 2] {
        let volume = self.volume.value() as f32 * self.gain * motion.volume.at(frame);
        let pan = (self.pan.value() as f32 + motion.pan.at(frame)).clamp(-1.0, 1.0);
        let [left, right] = self.sides;
        [left * volume * (1.0 - pan).min(1.0), right * volume * (1.0 + pan).min(1.0)]
    }

    fn finish_piece(&mut self, count: usize, shaped: usize) {
        let faded = self.state == State::Fading && self.fade_left == 0;
        let is_over = self.modulation.as_ref().is_some_and(Modulation::is_over);
        if count == 0 || shaped < count || self.envelope.is_done() || faded || is_over {
            self.state = State::Free;
        } else if let Some(once) = &mut self.once_frames {
            *once = once.saturating_sub(count as u32);
            if *once == 0 {
                self.once_frames = None;
                self.release();
            }
        }
    }
}

/// Adds samples, shaped by their levels and a gain.
fn add(out: &mut [f32], samples: Option<&[f32]>, levels: Option<&[f32]>, gain: f32) {
    let (Some(samples), Some(levels)) = (samples, levels) else { return };
    for (out, (sample, level)) in out.iter_mut().zip(samples.iter().zip(levels)) {
        *out += sample * (level * gain);
    }
}

fn zone_gain(db: f32) -> f32 {
    let db = within(db, -144.0, 48.0, 0.0);
    if db == 0.0 { 1.0 } else { 10f32.powf(db / 20.0) }
}

/// How far into its samples a note begins that is to begin so far on, and further by a share of what is left to chance. Of a
/// sound that may be streamed there is always enough in memory to go on from there.
fn late_frames(late: LateStart, frames: f32, drawn: f32, pcm: &Pcm) -> u64 {
    let rate_hz = if late.rate_hz > 0 { f64::from(late.rate_hz) } else { f64::from(pcm.rate_hz) };
    let more = (f64::from(drawn) * (late.random_frames as f64 + 1.0)).floor();
    let frames = ((f64::from(frames).max(0.0) + more) * finite(pcm.rate_hz, 0.0) / rate_hz)
        .min(f64::from(u32::MAX / 2)) as u64;
    let is_long = pcm.sustain.is_none() && (pcm.rest.is_some() || pcm.left.len() > HEAD_FRAMES);
    if is_long { frames.min(HEAD_FRAMES as u64 / 2) } else { frames }
}

/// Whether a zone follows the modulation wheel, or trembles as the keys are pressed.
fn trembles_itself(manner: &Manner) -> bool {
    let trembles =
        |it: &Follow| it.controller == Follow::PRESSURE && matches!(it.moves, Moves::LfoPitchCents(_));
    manner.follows.include(MODULATION) || manner.follows.iter().any(trembles)
}

/// What is left of a zone where it is faded against its neighbours, linear.
pub(crate) fn faded(manner: &Manner, pitch_midi: f64, velocity: f32) -> f32 {
    let gain = |fade: Option<Fade>, at: f32| fade.map_or(1.0, |fade| fade.gain(at));
    gain(manner.key_fade, pitch_midi as f32) * gain(manner.velocity_fade, velocity * 127.0)
}

/// From a velocity 0..1 to a linear gain: 0 dB at full, −10 dB at half, −39 dB at the softest.
/// Where a zone says how far it follows the velocity, its square counts by that share, or the zone's own curve.
pub(crate) fn velocity_gain(velocity: f32, manner: &Manner) -> f32 {
    leveled(velocity, manner.velocity_tracking, manner)
}

/// The same where the zone follows the velocity so far.
fn leveled(velocity: f32, tracking: Option<f32>, manner: &Manner) -> f32 {
    let velocity = within(velocity, 0.0, 1.0, 1.0);
    if let Some(share) = tracking {
        let share = within(share, 0.0, 1.0, 1.0);
        let curve = manner.velocity_curve.map(|curve| within(curve.level(127.0 * velocity), 0.0, 1.0, 1.0));
        return 1.0 - share + share * curve.unwrap_or(velocity * velocity);
    }
    let lifted = 0.1 + 0.9 * velocity;
    lifted * lifted
}
