//! All voices: which one a note takes, and which one makes room.

use super::channel::{CHANNELS, KEYBOARD, Motion};
use super::events::{Expression, Note, NoteEnd, Notes};
use super::interpolation::Kernels;
use super::reader::Desk;
use super::settings::Settings;
use super::slots::{Departed, Departure};
use super::voice::{Start, State, Voice};
use crate::handoff::{PageAsk, PageGiven};

/// Notes that sound at the same time.
pub const POLYPHONY: usize = 128;
/// Room for stolen and choked voices on their way out.
const FADING: usize = 128;
/// Most endings of notes that a block reports; beyond that they are not reported.
const MOST_ENDS: usize = 4096;
/// What a cut voice leaves behind decays to 1/e in this time.
const RESIDUE_SECS: f32 = 0.001;

/// The pool of voices. The order of the pool is the order of summing, and it does not depend on the blocks.
pub(super) struct Voices {
    pool: Box<[Voice]>,
    /// From this place on every voice is free.
    used: usize,
    ends: Vec<NoteEnd>,
    serial: u64,
    births: u64,
    /// What voices that had to be cut off without a fade would have gone on from, left and right.
    residue: [f32; 2],
    residue_decay: f32,
    /// Notes that the disk was too slow for.
    pub starved: u32,
}

impl Voices {
    pub fn new(rate_hz: f32) -> Voices {
        Voices {
            pool: (0..POLYPHONY + FADING).map(|_| Voice::new()).collect(),
            used: 0,
            ends: Vec::with_capacity(MOST_ENDS),
            serial: 0,
            births: 0,
            residue: [0.0; 2],
            residue_decay: residue_decay(rate_hz),
            starved: 0,
        }
    }

    /// Runs at another rate from now on.
    pub fn set_rate(&mut self, rate_hz: f32) {
        self.residue_decay = residue_decay(rate_hz);
    }

    /// Forgets the endings of the block before.
    pub fn begin_block(&mut self) {
        self.ends.clear();
    }

    /// Brings the endings into the order of their frames, all of them within the block, which has so many.
    pub fn end_block(&mut self, frames: usize) {
        let last = frames.saturating_sub(1) as u32;
        self.ends.iter_mut().for_each(|end| end.frame = end.frame.min(last));
        self.ends.sort_unstable_by_key(|end| end.frame);
    }

    /// The notes that ended in this block.
    pub fn ends(&self) -> &[NoteEnd] {
        &self.ends
    }

    /// Reports that a note has ended, unless another voice of its strike goes on.
    fn report_end_of(&mut self, note: Note, serial: u64, frame: usize) {
        if !self.in_use().any(|voice| voice.state != State::Free && voice.serial == serial) {
            self.report_end(note, frame);
        }
    }

    /// Reports that a note of the host has ended, or never sounded.
    pub fn report_end(&mut self, note: Note, frame: usize) {
        if note.channel < KEYBOARD && self.ends.len() < MOST_ENDS {
            self.ends.push(NoteEnd { frame: frame as u32, note });
        }
    }

    /// Voices that sound, apart from those that are fading out.
    pub fn sounding(&self) -> usize {
        self.in_use().filter(|voice| !matches!(voice.state, State::Free | State::Fading)).count()
    }

    /// Whether nothing is left to be heard.
    pub fn is_silent(&self) -> bool {
        self.residue == [0.0; 2] && self.in_use().all(|voice| voice.state == State::Free)
    }

    /// The number of a new strike, which all of its voices bear.
    pub fn strike(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Starts a voice at this frame of the block, silencing what it chokes and stealing another if need be.
    pub fn start(&mut self, start: Start, frame: usize) {
        self.choke(&start, frame);
        let place = self.make_room(frame).or_else(|| self.cut(frame));
        match place.and_then(|place| Some((place, self.pool.get_mut(place)?))) {
            Some((place, voice)) => {
                voice.start(start);
                self.births += 1;
                voice.birth = self.births;
                self.used = self.used.max(place + 1);
            }
            None => super::slots::let_go(start.part.sound),
        }
    }

    /// Silences the notes of its instrument that a new one chokes; those of its own strike sound on.
    fn choke(&mut self, start: &Start, frame: usize) {
        let sound = &start.part.sound;
        let choke = sound.zones.get(start.part.zone).and_then(|zone| zone.manner.choke);
        let Some(choke) = choke else { return };
        for i in 0..self.used {
            let Some(voice) = self.pool.get_mut(i) else { return };
            let sounds = !matches!(voice.state, State::Free | State::Fading) && voice.serial != start.serial;
            if !sounds || !voice.is_choked_by(start, choke) {
                continue;
            }
            voice.choke(start.rate_hz);
            let (note, serial, ended) = (voice.note, voice.serial, voice.state == State::Free);
            if ended {
                self.report_end_of(note, serial, frame);
            }
        }
    }

    /// A free place. Where [`POLYPHONY`] voices sound already, the one that is missed least goes into its fade: the
    /// quietest released one, else the oldest that the pedal holds, else the oldest held one.
    fn make_room(&mut self, frame: usize) -> Option<usize> {
        let (mut sounding, mut free, mut least) = (0, None, None);
        for (i, voice) in self.in_use().enumerate() {
            let worth = match voice.state {
                State::Free => {
                    free = free.or(Some(i));
                    continue;
                }
                State::Fading => continue,
                State::Released => (0, voice.level(), voice.serial),
                State::Pedalled => (1, 0.0, voice.serial),
                State::Held => (2, 0.0, voice.serial),
            };
            sounding += 1;
            if least.is_none_or(|(_, least)| worth < least) {
                least = Some((i, worth));
            }
        }
        let free = free.or((self.used < self.pool.len()).then_some(self.used));
        if sounding < POLYPHONY {
            return free;
        }
        let (victim, _) = least?;
        let voice = self.pool.get_mut(victim)?;
        voice.fade();
        if voice.state != State::Free {
            return free;
        }
        let (note, serial) = (voice.note, voice.serial);
        self.report_end_of(note, serial, frame);
        Some(victim)
    }

    /// Cuts off the voice that has faded furthest, leaving its last value behind to decay. Happens only when more
    /// than [`FADING`] voices fade at once.
    fn cut(&mut self, frame: usize) -> Option<usize> {
        let fading = self.in_use_mut().enumerate().filter(|(_, voice)| voice.state == State::Fading);
        let (index, voice) = fading.min_by_key(|(_, voice)| voice.fade_left())?;
        let (last, note, serial) = (voice.last, voice.note, voice.serial);
        voice.stop();
        self.report_end_of(note, serial, frame);
        self.residue = [self.residue[0] + last[0], self.residue[1] + last[1]];
        Some(index)
    }

    /// The voices that a lifted key lets go: those of the strike with the note's id, else of the oldest of its key, unless
    /// that strike has ended already and those that sound belong to the `still_down` others.
    pub fn lifted(&mut self, note: Note, still_down: usize) -> impl Iterator<Item = &mut Voice> {
        let notes = Notes::from(note);
        let is_held = move |voice: &Voice| voice.state == State::Held && notes.name(voice.note);
        // The strikes that sound, gathered in one pass: a key may be struck again and again without being lifted.
        let mut serials = [0; POLYPHONY + FADING];
        let held = self.in_use().filter(|voice| is_held(voice));
        let count = serials.iter_mut().zip(held).map(|(serial, voice)| *serial = voice.serial).count();
        let serials = serials.get_mut(..count).unwrap_or_default();
        serials.sort_unstable();
        // As many strikes as keys are still down may follow the one that is let go.
        let may_go = note.id.is_some() || serials.chunk_by(u64::eq).count() > still_down;
        let oldest = serials.first().copied().filter(|_| may_go);
        self.in_use_mut().filter(move |voice| is_held(voice) && Some(voice.serial) == oldest)
    }

    /// The note with the id that is named, while its key is down.
    pub fn held_with_id(&self, notes: Notes) -> Option<Note> {
        let is_it = |voice: &&Voice| voice.state == State::Held && notes.name(voice.note);
        notes.id.and_then(|_| Some(self.in_use().find(is_it)?.note))
    }

    /// Lets the notes go that are concerned: those that the pedal holds, or all whose keys are down.
    pub fn depart(&mut self, departure: Departure, concerned: impl Fn(Note) -> bool) {
        let from = if departure == Departure::Pedal { State::Pedalled } else { State::Held };
        let voices = self.in_use_mut().filter(|v| v.state == from && concerned(v.note));
        voices.for_each(|voice| voice.depart(departure));
    }

    /// A strike that was let go and for which nothing has sounded yet, from this place of the pool on; the place moves on
    /// behind it.
    pub fn departed(&mut self, from: &mut usize, rate_hz: f32) -> Option<Departed> {
        let departed = loop {
            let voice = self.pool.get_mut(*from).filter(|_| *from < self.used)?;
            *from += 1;
            if let Some(departed) = voice.departed(rate_hz) {
                break departed;
            }
        };
        let others = self.in_use_mut().filter(|voice| voice.serial == departed.serial);
        others.for_each(Voice::forget_departure);
        Some(departed)
    }

    /// Fades out whatever this holds for.
    pub fn fade_where(&mut self, frame: usize, concerned: impl Fn(&Voice) -> bool) {
        for i in 0..self.used {
            let Some(voice) = self.pool.get_mut(i) else { return };
            if matches!(voice.state, State::Free | State::Fading) || !concerned(voice) {
                continue;
            }
            voice.fade();
            let (note, serial, ended) = (voice.note, voice.serial, voice.state == State::Free);
            if ended {
                self.report_end_of(note, serial, frame);
            }
        }
    }

    /// Passes an expression on to the notes that it concerns. `now` counts frames from the Engine's start.
    pub fn express(&mut self, notes: Notes, expression: Expression, now: u64, rate_hz: f32) {
        let voices = self.in_use_mut().filter(|v| v.state != State::Free && notes.name(v.note));
        voices.for_each(|voice| voice.express(expression, now, rate_hz));
    }

    /// Gives every voice new settings of the envelope, except those of one channel.
    pub fn reshape(&mut self, settings: &Settings, rate_hz: f32, except: u8) {
        let voices = self.in_use_mut().filter(|v| v.state != State::Free && v.note.channel != except);
        voices.for_each(|voice| voice.reshape(settings, rate_hz));
    }

    /// Ends everything at once.
    pub fn stop(&mut self) {
        self.in_use_mut().for_each(Voice::stop);
        self.used = 0;
        self.residue = [0.0; 2];
    }

    /// Adds the coming frames of every voice, each under the motion of its channel. `frame` is where in the block they begin.
    pub fn render<'a>(
        &mut self,
        kernels: &Kernels,
        desk: &mut Desk,
        motions: &[Motion<'a>; CHANNELS],
        [left, right]: [&mut [f32]; 2],
        frame: usize,
    ) {
        for i in 0..self.used {
            let Some(voice) = self.pool.get_mut(i) else { return };
            if voice.state == State::Free {
                continue;
            }
            let Some(motion) = motions.get(usize::from(voice.note.channel)) else { continue };
            let sounded = voice.render(kernels, desk, motion, left, right);
            if voice.state == State::Free {
                let (note, serial, starved) = (voice.note, voice.serial, voice.starved);
                self.starved += u32::from(starved);
                self.report_end_of(note, serial, frame + sounded);
            }
        }
        let last = self.in_use().rposition(|voice| voice.state != State::Free);
        self.used = last.map_or(0, |last| last + 1);
        self.render_residue(left, right);
    }

    /// Asks for the pages that voices of streamed sounds will come to.
    pub fn ask_for_pages(&mut self, asks: &mut rtrb::Producer<PageAsk>) {
        let sounding = self.in_use_mut().enumerate().filter(|(_, voice)| voice.state != State::Free);
        sounding.for_each(|(place, voice)| voice.ask(place, asks));
    }

    /// Hands the answer to the voice that asked for a page, if it still plays that note.
    pub fn give_page(&mut self, given: PageGiven) {
        let voice = self.pool.get_mut(usize::from(given.voice));
        if let Some(voice) = voice.filter(|voice| voice.state != State::Free && voice.birth == given.birth) {
            voice.take_page(given.number, given.page);
        }
    }

    /// Whether a page that a voice asked for has not come.
    pub fn is_waiting(&self) -> bool {
        self.in_use().any(|voice| voice.state != State::Free && voice.is_waiting())
    }

    fn in_use(&self) -> std::slice::Iter<'_, Voice> {
        self.pool.get(..self.used).unwrap_or(&[]).iter()
    }

    fn in_use_mut(&mut self) -> std::slice::IterMut<'_, Voice> {
        self.pool.get_mut(..self.used).unwrap_or(&mut []).iter_mut()
    }

    fn render_residue(&mut self, left: &mut [f32], right: &mut [f32]) {
        if self.residue == [0.0; 2] {
            return;
        }
        for (left, right) in left.iter_mut().zip(right) {
            *left += self.residue[0];
            *right += self.residue[1];
            self.residue = self.residue.map(|rest| {
                let rest = rest * self.residue_decay;
                if rest.abs() < 1e-7 { 0.0 } else { rest }
            });
        }
    }
}

/// The factor by which a residue shrinks in each frame.
fn residue_decay(rate_hz: f32) -> f32 {
    (-1.0 / (RESIDUE_SECS * rate_hz)).exp()
}
