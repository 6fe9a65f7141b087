//! A bank as files of others: an SFZ file an instrument with its samples beside, or a table of its zones.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use crate::import;
use crate::pieces::{Piece, Stop};
use crate::{Bank, Curve, Error, Fade, Instrument, Loop, Manner, OnRelease, Sound, Source, Zone};

/// What was written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Exported {
    /// Files, samples included.
    pub files: usize,
    /// Zones of all instruments.
    pub zones: usize,
    /// Sounds that could not be loaded, with the cause.
    pub failed: Vec<(String, String)>,
}

/// Writes an SFZ file for each instrument into a folder, and every sound as a WAV file of 32-bit floats into `samples`
/// inside of it, so that the folder is whole by itself. Nothing that is there already is overwritten.
///
/// # Errors
/// [`Error::File`] where a file cannot be written, or is there already. Sounds that are gone are named in the report.
pub fn sfz(bank: &Bank, out: &Path, on_progress: &mut dyn FnMut(usize)) -> Result<Exported, Error> {
    let mut done = Exported::default();
    let mut names = Names::default();
    fs::create_dir_all(out.join("samples")).map_err(|cause| fail(out, &cause))?;
    let mut samples: HashMap<usize, String> = HashMap::new();
    for (position, sound) in bank.sounds.iter().enumerate() {
        let name = format!("samples/{}.wav", names.free(&sound.name));
        match write_wav(bank, sound, &out.join(&name))? {
            Ok(()) => {
                done.files += 1;
                samples.insert(position, name);
            }
            Err(cause) => done.failed.push((sound.name.clone(), cause.to_string())),
        }
        on_progress(position + 1);
    }
    let mut names = Names::default();
    for instrument in &bank.instruments {
        let (heading, curves) =
            import::sfz_controllers::heading(instrument.zones.iter().map(|it| &it.manner));
        let mut text = format!("// Written by Neume.\n{heading}");
        for zone in &instrument.zones {
            let Some(sample) = samples.get(&zone.sound) else { continue };
            text += &region(bank, zone, sample, &curves);
            done.zones += 1;
        }
        let path = out.join(format!("{}.sfz", names.free(&instrument.name)));
        write_new(&path, text.as_bytes())?;
        done.files += 1;
    }
    Ok(done)
}

/// A zone as a region. Loops and tunings are written out, so that another sampler finds nothing of its own.
/// `curves` are those of the file's head.
fn region(bank: &Bank, zone: &Zone, sample: &str, curves: &[Curve]) -> String {
    let sound = &bank.sounds[zone.sound];
    let manner = &zone.manner;
    let center = zone.root_midi.round().clamp(0.0, 127.0);
    let cents = 100.0 * ((center - zone.root_midi) * manner.tracking + manner.tune_semitones);
    let mut line = format!(
        "<region> lokey={} hikey={} lovel={} hivel={} tune={} ",
        zone.keys.0,
        zone.keys.1,
        zone.velocities.0,
        zone.velocities.1,
        number(cents)
    );
    // What is not written is middle C, and says nothing of the sound.
    if sound.profile.root_midi.is_some() || center != Instrument::UNPITCHED_ROOT_MIDI {
        line += &format!("pitch_keycenter={center} ");
    }
    let mut say = |name: &str, value: f32, rest: f32| {
        if value != rest {
            line += &format!("{name}={} ", number(value));
        }
    };
    say("pitch_keytrack", 100.0 * manner.tracking, 100.0);
    say("volume", manner.gain_db, 0.0);
    say("pan", 100.0 * manner.pan, 0.0);
    let stereo = manner.stereo.unwrap_or_default();
    say("width", 100.0 * stereo.width, 100.0);
    say("position", 100.0 * stereo.position, 0.0);
    let (down, up) = manner.bend_semitones.unwrap_or(Manner::USUAL_BEND);
    say("bend_down", 100.0 * down, -200.0);
    say("bend_up", 100.0 * up, 200.0);
    say("amp_veltrack", 100.0 * manner.velocity_tracking.unwrap_or(1.0), 100.0);
    for (velocity, level) in manner.velocity_curve.iter().flat_map(Curve::points) {
        say(&format!("amp_velcurve_{velocity}"), level, -1.0);
    }
    if let Some(turn) = manner.turn {
        say("seq_length", f32::from(turn.length), 0.0);
        say("seq_position", f32::from(turn.position) + 1.0, 0.0);
    }
    if let Some((low, high)) = manner.chance {
        say("lorand", low, -1.0);
        say("hirand", high, -1.0);
    }
    for (along, fade) in [("key", manner.key_fade), ("vel", manner.velocity_fade)] {
        let Some(Fade { rises, falls }) = fade else { continue };
        let borders = [
            ("in_lo", rises.0, 0u8),
            ("in_hi", rises.1, 0),
            ("out_lo", falls.0, 127),
            ("out_hi", falls.1, 127),
        ];
        for (border, at, rest) in borders {
            say(&format!("xf{border}{along}"), f32::from(at), f32::from(rest));
        }
    }
    if let Some(envelope) = manner.envelope {
        say("ampeg_delay", envelope.delay_secs, 0.0);
        say("ampeg_attack", envelope.attack_secs, 0.0);
        say("ampeg_hold", envelope.hold_secs, 0.0);
        let [decay, release] = import::sfz::fall_shares(&envelope);
        say("ampeg_decay", envelope.decay_secs / decay.max(1e-3), 0.0);
        say("ampeg_sustain", 100.0 * envelope.sustain_norm, -1.0);
        say("ampeg_release", envelope.release_secs / release, -1.0);
    }
    if let Some(OnRelease { decay_db_per_sec, .. }) = manner.on_release {
        say("rt_decay", decay_db_per_sec, 0.0);
    }
    line += match manner.on_release {
        Some(OnRelease { ignores_pedal: true, .. }) => "trigger=release_key ",
        Some(_) => "trigger=release ",
        None => "",
    };
    line += &import::sfz_modulation::written(manner);
    line += &import::sfz_sources::written(manner);
    line += &import::sfz_controllers::written(manner, curves);
    let late = manner.late_start.unwrap_or_default();
    let (start, end) = manner.span.unwrap_or((0, sound.frames));
    if manner.span.is_some() || late.frames > 0 {
        line += &format!("offset={} end={} ", start + late.frames, end - 1);
    }
    if late.random_frames > 0 {
        line += &format!("offset_random={} ", late.random_frames);
    }
    line += &match manner.sustain(sound.sustain) {
        Some(Loop { start_frames, end_frames, is_mirrored, .. }) => {
            let kind = if is_mirrored { "loop_type=alternate " } else { "" };
            format!("loop_mode=loop_continuous {kind}loop_start={start_frames} loop_end={} ", end_frames - 1)
        }
        None if manner.one_shot => "loop_mode=one_shot ".to_string(),
        None => "loop_mode=no_loop ".to_string(),
    };
    // The name comes last: it may have spaces.
    format!("{line}sample={sample}\n")
}

pub(crate) fn number(value: f32) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// Writes a table with a row for each zone.
///
/// # Errors
/// [`Error::File`] where it cannot be written, or is there already.
pub fn csv(bank: &Bank, out: &Path) -> Result<Exported, Error> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let head = [
        "instrument",
        "file",
        "member",
        "name",
        "class",
        "family",
        "root_midi",
        "loudness_db",
        "brightness",
        "roughness",
        "duration_secs",
        "key_low",
        "key_high",
        "velocity_low",
        "velocity_high",
        "zone_root_midi",
        "gain_db",
        "pan",
        "turn",
        "turns",
        "loop_start_frames",
        "loop_end_frames",
    ];
    let whole = |cause: csv::Error| Error::File { path: out.to_path_buf(), cause: cause.to_string() };
    table.write_record(head).map_err(whole)?;
    let mut zones = 0;
    for Instrument { name, zones: of, .. } in &bank.instruments {
        for zone in of {
            table.write_record(row(bank, name, zone)).map_err(whole)?;
            zones += 1;
        }
    }
    let bytes = table.into_inner().map_err(|cause| fail(out, cause.error()))?;
    write_new(out, &bytes)?;
    Ok(Exported { files: 1, zones, failed: Vec::new() })
}

fn row(bank: &Bank, instrument: &str, zone: &Zone) -> [String; 22] {
    let sound = &bank.sounds[zone.sound];
    let (profile, manner) = (&sound.profile, &zone.manner);
    let (file, member) = match &sound.source {
        Source::File(path) => (crate::path_text::encode(path), String::new()),
        Source::Member { file, member } => (crate::path_text::encode(file), member.clone()),
        Source::Factory { instrument, .. } => (instrument.clone(), String::new()),
    };
    let or_empty = |value: Option<String>| value.unwrap_or_default();
    let looped = manner.sustain(sound.sustain);
    [
        instrument.to_string(),
        file,
        member,
        sound.name.clone(),
        or_empty(sound.class.clone()),
        profile.families.best().0.id().to_string(),
        or_empty(profile.root_midi.map(number)),
        number(profile.loudness_db),
        number(profile.brightness),
        number(profile.roughness),
        number(profile.duration_secs),
        zone.keys.0.to_string(),
        zone.keys.1.to_string(),
        zone.velocities.0.to_string(),
        zone.velocities.1.to_string(),
        number(zone.root_midi),
        number(manner.gain_db),
        number(manner.pan),
        or_empty(manner.turn.map(|turn| (turn.position + 1).to_string())),
        or_empty(manner.turn.map(|turn| turn.length.to_string())),
        or_empty(looped.map(|looped| looped.start_frames.to_string())),
        or_empty(looped.map(|looped| looped.end_frames.to_string())),
    ]
}

/// Names of files: plain, and each once, whatever the case.
#[derive(Default)]
struct Names(HashMap<String, usize>);

impl Names {
    fn free(&mut self, name: &str) -> String {
        let plain = |c: char| if c.is_alphanumeric() || " -_#().+".contains(c) { c } else { '_' };
        let name: String = name.chars().map(plain).take(80).collect();
        let name = name.trim_matches([' ', '.']);
        let name = if name.is_empty() { "sound" } else { name };
        let mut free = name.to_string();
        loop {
            let taken = self.0.entry(free.to_lowercase()).or_insert(0);
            *taken += 1;
            if *taken == 1 {
                return free;
            }
            let count = self.0.entry(name.to_lowercase()).or_insert(1);
            *count += 1;
            free = format!("{name} ({count})");
        }
    }
}

fn fail(path: &Path, cause: &std::io::Error) -> Error {
    Error::File { path: path.to_path_buf(), cause: cause.to_string() }
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    use std::io::Write as _;
    let written = fs::File::create_new(path).and_then(|mut file| file.write_all(bytes));
    written.map_err(|cause| fail(path, &cause))
}

/// Most bytes of samples in a WAV file, whose lengths have 32 bits.
const MOST_WAV_BYTES: u64 = u32::MAX as u64 - 4_096;

/// Writes a sound piece by piece. Within is what is wrong with the sound, of which then no file is left.
fn write_wav(bank: &Bank, sound: &Sound, path: &Path) -> Result<Result<(), Error>, Error> {
    let (mut writer, mut bytes, mut written) = (None, 0, Ok(()));
    let mut take = |piece: &Piece<'_>| {
        bytes += 4 * piece.frames() as u64 * piece.channels.len() as u64;
        if bytes > MOST_WAV_BYTES {
            return Err(Stop::Failed("its samples are more than a WAV file holds".to_string()));
        }
        write_piece(&mut writer, piece, path).map_err(|cause| {
            let said = Stop::Failed(cause.to_string());
            written = Err(cause);
            said
        })
    };
    let loaded = bank.load_in_pieces(sound, &mut take, &|| false);
    written?;
    if let Some(writer) = writer {
        let ended = writer.finalize();
        ended.map_err(|cause| Error::File { path: path.to_path_buf(), cause: cause.to_string() })?;
        if loaded.is_err() {
            fs::remove_file(path).map_err(|cause| fail(path, &cause))?;
        }
    }
    Ok(loaded)
}

type WavWriter = hound::WavWriter<std::io::BufWriter<fs::File>>;

fn write_piece(writer: &mut Option<WavWriter>, piece: &Piece, path: &Path) -> Result<(), Error> {
    let whole = |cause: hound::Error| Error::File { path: path.to_path_buf(), cause: cause.to_string() };
    let writer = match writer {
        Some(writer) => writer,
        None => {
            let spec = hound::WavSpec {
                channels: piece.channels.len() as u16,
                sample_rate: piece.rate_hz,
                bits_per_sample: 32,
                sample_format: hound::SampleFormat::Float,
            };
            let file = fs::File::create_new(path).map_err(|cause| fail(path, &cause))?;
            writer.insert(hound::WavWriter::new(std::io::BufWriter::new(file), spec).map_err(whole)?)
        }
    };
    for frame in 0..piece.frames() {
        for channel in piece.channels {
            writer.write_sample(channel[frame]).map_err(whole)?;
        }
    }
    Ok(())
}
