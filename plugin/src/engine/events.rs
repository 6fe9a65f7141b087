//! What the host tells the Engine, on its frame.

use super::channel::KEYBOARD;

/// An event and the frame of the block that it falls on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimedEvent {
    /// Frames from the start of the block. Events come by ascending frame; a late one counts as due now.
    pub frame: u32,
    /// What happens.
    pub event: Event,
}

/// A note: its key on its channel, and its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// MIDI channel, 0..16.
    pub channel: u8,
    /// MIDI note, 0..128.
    pub key: u8,
    /// The host's name for this very note, if it gave one.
    pub id: Option<i32>,
}

impl Note {
    /// A note without an id.
    pub fn new(channel: u8, key: u8) -> Note {
        Note { channel, key, id: None }
    }
}

/// Names notes of the host: those on this channel, of this key, with this id. What is left open may be anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Notes {
    /// MIDI channel, 0..16.
    pub channel: Option<u8>,
    /// MIDI note, 0..128.
    pub key: Option<u8>,
    /// The host's name for one note.
    pub id: Option<i32>,
}

impl From<Note> for Notes {
    fn from(Note { channel, key, id }: Note) -> Notes {
        Notes { channel: Some(channel), key: Some(key), id }
    }
}

impl Notes {
    /// The note, where both its channel and its key are said.
    pub(super) fn one(self) -> Option<Note> {
        Some(Note { channel: self.channel?, key: self.key?, id: self.id })
    }

    /// Whether a note is one of them: by id where both have one, else by channel and key. An id alone names no note that
    /// has none.
    pub(super) fn name(self, note: Note) -> bool {
        match (self.id, note.id) {
            (Some(id), Some(of)) => id == of,
            (Some(_), None) if self.key.is_none() => false,
            _ => self.name_channel(note.channel) && self.key.is_none_or(|key| key == note.key),
        }
    }

    /// Whether they may be on a channel; those of the drawn keyboard and of auditions are none of the host's.
    pub(super) fn name_channel(self, channel: u8) -> bool {
        self.channel.map_or(channel < KEYBOARD, |own| own == channel)
    }
}

/// An event of the performance. Numbers out of range are clamped; NaN counts as the value at rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event {
    /// A key goes down. A velocity of 0 lifts it, as in MIDI.
    NoteOn {
        /// The new note.
        note: Note,
        /// 0..1.
        velocity: f32,
    },
    /// A key goes up: the note is released, or held by the pedal. Without an id the oldest held note of the key is
    /// meant, so that a key struck twice is lifted twice; where the channel or the key is left open too, all are.
    NoteOff {
        /// The note or notes.
        note: Notes,
    },
    /// The notes end at once, in a short fade, and their keys count as lifted.
    Choke {
        /// The note or notes.
        note: Notes,
    },
    /// The pitch wheel of a channel.
    Bend {
        /// 0..16.
        channel: u8,
        /// −1..1 of the bend range.
        bend_norm: f32,
    },
    /// A controller of a channel: modulation (1), volume (7), pan (10) and expression (11) move every sound, the others
    /// what follows them.
    Control {
        /// 0..16.
        channel: u8,
        /// 0..128.
        controller: u8,
        /// 0..1.
        value: f32,
    },
    /// The pressure on the keys of a channel, which trembles as the modulation wheel does.
    Pressure {
        /// 0..16.
        channel: u8,
        /// 0..1.
        value: f32,
    },
    /// The sustain pedal of a channel.
    Sustain {
        /// 0..16.
        channel: u8,
        /// Whether it is held.
        down: bool,
    },
    /// An expression of single notes.
    Expression {
        /// The notes that it concerns.
        note: Notes,
        /// Which, and how much.
        expression: Expression,
    },
    /// Every key of the channel, or of all channels, goes up; the pedal holds what it holds.
    AllNotesOff {
        /// 0..16, or all.
        channel: Option<u8>,
    },
    /// Every sound of the channel, or of all channels, ends at once, in a short fade.
    AllSoundOff {
        /// 0..16, or all.
        channel: Option<u8>,
    },
    /// The wheels, the controllers but volume and pan, and the pedal of the channel, or of all channels, go back to rest.
    ResetControllers {
        /// 0..16, or all.
        channel: Option<u8>,
    },
}

/// What a single note may be told while it sounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Expression {
    /// Semitones away from the key, −120..120.
    Tuning(f32),
    /// Linear gain, 0..4.
    Volume(f32),
    /// −1 left, 0 centre, 1 right.
    Pan(f32),
    /// The pressure on its key alone, 0..1: what [`Event::Pressure`] does to all of a channel.
    Pressure(f32),
}

/// A note whose sound has ended: what a host is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoteEnd {
    /// Frame of the block that was last processed.
    pub frame: u32,
    /// The note.
    pub note: Note,
}
