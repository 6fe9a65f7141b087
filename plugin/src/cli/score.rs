//! What is to be played: notes and controllers with their times in seconds, from a MIDI file or a list of keys.
//!
//! A MIDI file is untrusted: its size, its number of events and its length are capped, and a file that was cut
//! short is refused rather than played in part.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use midly::{Format, MetaMessage, MidiMessage, Timing, TrackEventKind};

/// Something that happens to a MIDI channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action {
    /// A key goes down; velocity 1/127..=1.
    NoteOn { key: u8, velocity: f32 },
    /// A key goes up.
    NoteOff { key: u8 },
    /// The pitch wheel stands at -1..=1.
    Bend(f32),
    /// The sustain pedal goes down or up.
    Sustain(bool),
    /// A controller of this number stands at 0..=1.
    Control(u8, f32),
    /// The pressure on the keys of the channel, 0..=1.
    Pressure(f32),
    /// The pressure on one of them, 0..=1.
    KeyPressure { key: u8, pressure: f32 },
    /// Every key of the channel goes up.
    AllNotesOff,
    /// The channel falls silent at once.
    AllSoundOff,
    /// Wheels, controllers and pedal of the channel go back to rest.
    ResetControllers,
}

/// An action and its time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// From the start.
    pub secs: f64,
    /// 0..16.
    pub channel: u8,
    /// What happens.
    pub action: Action,
}

/// Moments by ascending time; those of one instant keep the order of their file.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// All of them.
    pub moments: Vec<Moment>,
    /// The end of the last track, at or behind the last moment.
    pub end_secs: f64,
}

impl Score {
    /// Largest MIDI file that is opened, in bytes.
    pub const MAX_FILE_BYTES: u64 = 16 << 20;
    /// Most events of a file that are taken.
    pub const MAX_EVENTS: usize = 2_000_000;
    /// Longest score that is rendered.
    pub const MAX_SECS: f64 = 3600.0;

    /// All keys together at velocity 100 from the start, held for `held_secs`.
    pub fn chord(keys: &[u8], held_secs: f64) -> Score {
        let velocity = 100.0 / 127.0;
        let down = keys.iter().map(|&key| Moment {
            secs: 0.0,
            channel: 0,
            action: Action::NoteOn { key, velocity },
        });
        let up =
            keys.iter().map(|&key| Moment { secs: held_secs, channel: 0, action: Action::NoteOff { key } });
        Score { moments: down.chain(up).collect(), end_secs: held_secs }
    }

    /// The score of a MIDI file.
    ///
    /// # Errors
    /// Names the file and the cause: it cannot be opened, is no MIDI file, is damaged, or is over a limit.
    pub fn from_midi_file(path: &Path) -> Result<Score> {
        let bytes = neume_bank::disk::read(path, Score::MAX_FILE_BYTES)?;
        Score::from_midi(&bytes).with_context(|| path.display().to_string())
    }

    /// The score of a MIDI file's bytes: every track, by the tempo map, on its channels.
    ///
    /// # Errors
    /// See [`Score::from_midi_file`].
    pub fn from_midi(bytes: &[u8]) -> Result<Score> {
        let limit = Score::MAX_FILE_BYTES;
        ensure!(bytes.len() as u64 <= limit, "a MIDI file of more than {limit} bytes is over the limit");
        ensure!(!bytes.is_empty(), "the file is empty");
        ensure!(
            !has_impossible_clock(bytes),
            "it is not a MIDI file: its header counts −128 frames a second"
        );
        let (header, tracks) =
            midly::parse(bytes).map_err(|cause| anyhow::anyhow!("it is not a MIDI file: {cause}"))?;
        let clock = Clock::new(header.timing)?;
        let tracks = read_tracks(tracks)?;
        let mut score = Score { moments: Vec::new(), end_secs: 0.0 };
        match header.format {
            Format::Sequential => {
                for track in tracks {
                    score.append(track, &clock)?;
                }
            }
            Format::SingleTrack | Format::Parallel => {
                let mut events: Vec<Tick> = tracks.into_iter().flatten().collect();
                events.sort_by_key(|event| event.at);
                score.append(events, &clock)?;
            }
        }
        Ok(score)
    }

    /// Plays `events`, which are in order, after what is here already.
    fn append(&mut self, events: Vec<Tick>, clock: &Clock) -> Result<()> {
        let mut now_secs = self.end_secs;
        let mut at = 0;
        let mut tick_secs = clock.tick_secs(500_000);
        for event in events {
            now_secs += (event.at - at) as f64 * tick_secs;
            at = event.at;
            ensure!(now_secs <= Score::MAX_SECS, "it lasts longer than the limit of {} s", Score::MAX_SECS);
            match event.kind {
                Kind::Tempo(micros) => tick_secs = clock.tick_secs(micros),
                Kind::Channel(channel, action) => {
                    self.moments.push(Moment { secs: now_secs, channel, action });
                }
                Kind::End => {}
            }
        }
        self.end_secs = now_secs;
        Ok(())
    }
}

/// An event of a track, in ticks from its start.
struct Tick {
    at: u64,
    kind: Kind,
}

/// What of a track is heard.
enum Kind {
    /// Microseconds a quarter note.
    Tempo(u32),
    /// Channel 0..16, and what happens to it.
    Channel(u8, Action),
    /// The end of the track.
    End,
}

/// How long a tick is.
enum Clock {
    /// Ticks a quarter note.
    Quarter(f64),
    /// Seconds a tick, whatever the tempo.
    Fixed(f64),
}

impl Clock {
    fn new(timing: Timing) -> Result<Clock> {
        match timing {
            Timing::Metrical(ticks) if ticks.as_int() > 0 => Ok(Clock::Quarter(f64::from(ticks.as_int()))),
            Timing::Timecode(fps, ticks) if ticks > 0 => {
                Ok(Clock::Fixed(1.0 / (f64::from(fps.as_f32()) * f64::from(ticks))))
            }
            Timing::Metrical(_) | Timing::Timecode(..) => bail!("its header divides time into 0 ticks"),
        }
    }

    fn tick_secs(&self, quarter_micros: u32) -> f64 {
        match self {
            Clock::Quarter(ticks) => f64::from(quarter_micros) * 1e-6 / ticks,
            Clock::Fixed(secs) => *secs,
        }
    }
}

/// Whether a header chunk has the one division that midly 0.5 cannot negate.
fn has_impossible_clock(bytes: &[u8]) -> bool {
    bytes.windows(13).any(|chunk| chunk.starts_with(b"MThd") && chunk[12] == 0x80)
}

/// Every track's heard events. midly passes over what it cannot read, so the count of tracks and the end of each
/// are checked here.
fn read_tracks(tracks: midly::TrackIter<'_>) -> Result<Vec<Vec<Tick>>> {
    let claimed = tracks.size_hint().0;
    let mut read = Vec::new();
    let mut events = 0;
    for (number, track) in tracks.enumerate() {
        let track = track.map_err(|cause| anyhow::anyhow!("track {} is damaged: {cause}", number + 1))?;
        let mut at = 0;
        let mut ended = false;
        let mut ticks = Vec::new();
        for event in track {
            let event = event.map_err(|cause| anyhow::anyhow!("track {} is damaged: {cause}", number + 1))?;
            events += 1;
            ensure!(events <= Score::MAX_EVENTS, "more than {} events are over the limit", Score::MAX_EVENTS);
            at += u64::from(event.delta.as_int());
            ended |= event.kind == TrackEventKind::Meta(MetaMessage::EndOfTrack);
            ticks.extend(heard(event.kind).map(|kind| Tick { at, kind }));
        }
        ensure!(ended, "track {} is cut short", number + 1);
        read.push(ticks);
    }
    ensure!(read.len() >= claimed, "it is cut short: {} of {claimed} tracks are there", read.len());
    Ok(read)
}

fn heard(kind: TrackEventKind<'_>) -> Option<Kind> {
    match kind {
        TrackEventKind::Meta(MetaMessage::Tempo(micros)) => Some(Kind::Tempo(micros.as_int())),
        TrackEventKind::Meta(MetaMessage::EndOfTrack) => Some(Kind::End),
        TrackEventKind::Midi { channel, message } => {
            action_of(message).map(|action| Kind::Channel(channel.as_int(), action))
        }
        _ => None,
    }
}

fn action_of(message: MidiMessage) -> Option<Action> {
    match message {
        MidiMessage::NoteOn { key, vel } if vel.as_int() > 0 => {
            Some(Action::NoteOn { key: key.as_int(), velocity: f32::from(vel.as_int()) / 127.0 })
        }
        MidiMessage::NoteOn { key, .. } | MidiMessage::NoteOff { key, .. } => {
            Some(Action::NoteOff { key: key.as_int() })
        }
        MidiMessage::PitchBend { bend } => Some(Action::Bend(bend.as_f32().clamp(-1.0, 1.0))),
        MidiMessage::Controller { controller, value } => match controller.as_int() {
            64 => Some(Action::Sustain(value.as_int() >= 64)),
            120 => Some(Action::AllSoundOff),
            121 => Some(Action::ResetControllers),
            123..=127 => Some(Action::AllNotesOff),
            number => Some(Action::Control(number, f32::from(value.as_int()) / 127.0)),
        },
        MidiMessage::ChannelAftertouch { vel } => Some(Action::Pressure(f32::from(vel.as_int()) / 127.0)),
        MidiMessage::Aftertouch { key, vel } => {
            Some(Action::KeyPressure { key: key.as_int(), pressure: f32::from(vel.as_int()) / 127.0 })
        }
        MidiMessage::ProgramChange { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use midly::num::{u4, u7, u15, u24, u28};
    use midly::{Header, PitchBend, Smf, TrackEvent};

    use super::*;

    fn event(delta: u32, message: MidiMessage) -> TrackEvent<'static> {
        TrackEvent { delta: u28::new(delta), kind: TrackEventKind::Midi { channel: u4::new(2), message } }
    }

    fn meta(delta: u32, message: MetaMessage<'static>) -> TrackEvent<'static> {
        TrackEvent { delta: u28::new(delta), kind: TrackEventKind::Meta(message) }
    }

    fn note(delta: u32, key: u8, vel: u8) -> TrackEvent<'static> {
        event(delta, MidiMessage::NoteOn { key: u7::new(key), vel: u7::new(vel) })
    }

    fn file(format: Format, timing: Timing, tracks: Vec<Vec<TrackEvent<'static>>>) -> Vec<u8> {
        let mut bytes = Vec::new();
        Smf { header: Header::new(format, timing), tracks }.write_std(&mut bytes).unwrap();
        bytes
    }

    fn quarter() -> Timing {
        Timing::Metrical(u15::new(96))
    }

    fn end() -> TrackEvent<'static> {
        meta(0, MetaMessage::EndOfTrack)
    }

    #[test]
    fn the_tempo_map_of_one_track_times_the_notes_of_another() {
        let tempo = vec![
            meta(0, MetaMessage::Tempo(u24::new(1_000_000))),
            meta(96, MetaMessage::Tempo(u24::new(250_000))),
            end(),
        ];
        let notes = vec![note(0, 60, 127), note(96, 64, 64), note(96, 60, 0), end()];
        let score = Score::from_midi(&file(Format::Parallel, quarter(), vec![tempo, notes])).unwrap();
        let times: Vec<f64> = score.moments.iter().map(|moment| moment.secs).collect();
        assert_eq!(times, [0.0, 1.0, 1.25]);
        assert_eq!(score.end_secs, 1.25);
        assert!(score.moments.iter().all(|moment| moment.channel == 2));
        assert_eq!(score.moments[0].action, Action::NoteOn { key: 60, velocity: 1.0 });
        assert_eq!(score.moments[2].action, Action::NoteOff { key: 60 });
    }

    #[test]
    fn wheel_pedal_and_channel_modes_are_heard() {
        let control =
            |number, value| MidiMessage::Controller { controller: u7::new(number), value: u7::new(value) };
        let track = vec![
            event(0, MidiMessage::PitchBend { bend: PitchBend::from_f32(-1.0) }),
            event(0, control(64, 127)),
            event(0, control(64, 0)),
            event(0, control(1, 127)),
            event(0, MidiMessage::ChannelAftertouch { vel: u7::new(0) }),
            event(0, MidiMessage::Aftertouch { key: u7::new(60), vel: u7::new(127) }),
            event(0, control(120, 0)),
            event(0, control(123, 0)),
            end(),
        ];
        let score = Score::from_midi(&file(Format::SingleTrack, quarter(), vec![track])).unwrap();
        let actions: Vec<Action> = score.moments.iter().map(|moment| moment.action).collect();
        let expected = [
            Action::Bend(-1.0),
            Action::Sustain(true),
            Action::Sustain(false),
            Action::Control(1, 1.0),
            Action::Pressure(0.0),
            Action::KeyPressure { key: 60, pressure: 1.0 },
            Action::AllSoundOff,
            Action::AllNotesOff,
        ];
        assert_eq!(actions, expected);
    }

    #[test]
    fn sequential_tracks_follow_each_other_and_timecode_ignores_the_tempo() {
        let track =
            || vec![meta(0, MetaMessage::Tempo(u24::new(1))), note(0, 60, 100), note(50, 60, 0), end()];
        let timing = Timing::Timecode(midly::Fps::Fps25, 40);
        let score = Score::from_midi(&file(Format::Sequential, timing, vec![track(), track()])).unwrap();
        let times: Vec<f64> = score.moments.iter().map(|moment| (moment.secs * 1000.0).round()).collect();
        assert_eq!(times, [0.0, 50.0, 50.0, 100.0]);
    }

    #[test]
    fn hostile_files_are_refused_with_their_cause() {
        let sound =
            file(Format::SingleTrack, quarter(), vec![vec![note(0, 60, 100), note(96, 60, 0), end()]]);
        let slow = vec![meta(0, MetaMessage::Tempo(u24::new(16_000_000))), note(0xFFF_FFFF, 60, 100), end()];
        let mut many_tracks = sound.clone();
        many_tracks[10..12].copy_from_slice(&u16::MAX.to_be_bytes());
        let mut zero_ticks = sound.clone();
        zero_ticks[12..14].copy_from_slice(&[0, 0]);
        let cases: [(&str, Vec<u8>, &str); 7] = [
            ("empty", vec![], "empty"),
            ("garbage", b"this is not music".repeat(9), "not a MIDI file"),
            ("cut in half", sound[..sound.len() - 4].to_vec(), "cut short"),
            ("claims 65535 tracks", many_tracks, "cut short"),
            ("divides time into nothing", zero_ticks, "0 ticks"),
            ("lasts for years", file(Format::SingleTrack, quarter(), vec![slow]), "longer than the limit"),
            ("a header alone", sound[..14].to_vec(), "cut short"),
        ];
        for (name, bytes, cause) in cases {
            let message = format!("{:#}", Score::from_midi(&bytes).expect_err(name));
            assert!(message.contains(cause), "{name}: {message}");
        }
    }

    #[test]
    fn any_damage_to_a_file_gives_a_score_or_an_error() {
        let whole =
            file(Format::Parallel, quarter(), vec![vec![note(0, 60, 100), note(96, 60, 0), end()]; 3]);
        for at in 0..whole.len() {
            for value in [0x00, 0x7F, 0x80, 0xFF] {
                let mut bytes = whole.clone();
                bytes[at] = value;
                if let Ok(score) = Score::from_midi(&bytes) {
                    assert!(score.moments.is_sorted_by_key(|moment| moment.secs));
                    assert!(score.end_secs <= Score::MAX_SECS);
                }
            }
        }
    }

    #[test]
    fn a_chord_is_held_together() {
        let score = Score::chord(&[60, 64], 1.0);
        assert_eq!(score.moments.len(), 4);
        assert_eq!(score.moments[3], Moment { secs: 1.0, channel: 0, action: Action::NoteOff { key: 64 } });
    }
}
