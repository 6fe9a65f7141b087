//! Renders notes of a General MIDI SoundFont into labelled folders, for the training of the sound network:
//! `soundfont_notes FONT.sf2 FOLDER` writes `FOLDER/<family>/gm-<program>/<MIDI note or none>_<velocity>.wav`.
//!
//! Programs that fit none of the twelve families, and roots on which General MIDI instruments disagree by
//! octaves, are left out.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use rustysynth::{SoundFont, Synthesizer, SynthesizerSettings};

const RATE_HZ: i32 = 22_050;
const HELD_SECS: f32 = 1.8;
const SECS: f32 = 2.4;

/// A program with its lowest and highest key.
type Program = (u8, u8, u8);

/// Families and their programs.
const PROGRAMS: &[(&str, &[Program])] = &[
    (
        "keyboard",
        &[
            (0, 24, 104),
            (1, 24, 104),
            (2, 28, 100),
            (3, 28, 100),
            (4, 28, 96),
            (5, 28, 96),
            (6, 29, 88),
            (7, 29, 88),
        ],
    ),
    (
        "mallet",
        &[(8, 60, 96), (11, 53, 89), (12, 45, 96), (13, 60, 96), (14, 55, 79), (108, 48, 84), (114, 52, 84)],
    ),
    ("organ", &[(16, 36, 96), (17, 36, 96), (18, 36, 96), (19, 36, 96), (20, 36, 84)]),
    (
        "guitar",
        &[
            (24, 40, 84),
            (25, 40, 84),
            (26, 40, 86),
            (27, 40, 86),
            (28, 40, 80),
            (29, 40, 84),
            (30, 40, 84),
            (46, 28, 96),
            (104, 48, 77),
            (105, 48, 84),
            (106, 50, 79),
            (107, 55, 84),
        ],
    ),
    (
        "bass",
        &[
            (32, 24, 60),
            (33, 24, 60),
            (34, 24, 60),
            (35, 24, 60),
            (36, 24, 60),
            (37, 24, 60),
            (38, 24, 60),
            (39, 24, 60),
        ],
    ),
    (
        "string",
        &[
            (40, 55, 96),
            (41, 48, 84),
            (42, 36, 76),
            (43, 28, 60),
            (44, 36, 90),
            (48, 36, 96),
            (49, 36, 96),
            (50, 36, 90),
            (110, 55, 90),
        ],
    ),
    ("vocal", &[(52, 48, 79), (53, 48, 79), (54, 48, 79), (85, 48, 79), (91, 48, 79)]),
    (
        "brass",
        &[
            (56, 54, 86),
            (57, 40, 74),
            (58, 26, 62),
            (59, 54, 82),
            (60, 38, 77),
            (61, 40, 84),
            (62, 40, 84),
            (63, 40, 84),
        ],
    ),
    (
        "reed",
        &[
            (64, 54, 87),
            (65, 49, 80),
            (66, 42, 75),
            (67, 36, 68),
            (68, 58, 91),
            (69, 52, 81),
            (70, 34, 72),
            (71, 50, 91),
            (22, 60, 84),
            (109, 55, 79),
            (111, 60, 84),
        ],
    ),
    ("flute", &[(72, 74, 104), (73, 60, 96), (74, 60, 91), (75, 60, 84), (77, 55, 84), (79, 60, 84)]),
    (
        "synth_lead",
        &[(80, 36, 96), (81, 36, 96), (83, 36, 90), (84, 36, 90), (86, 36, 90), (87, 36, 84), (90, 36, 90)],
    ),
    ("percussion", &[(113, 60, 84), (115, 48, 84), (116, 36, 72), (117, 36, 72), (118, 36, 72)]),
];

/// Keys of a drum kit, on bank 128.
const DRUMS: std::ops::RangeInclusive<u8> = 35..=81;
const NOTES_A_PROGRAM: u8 = 16;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [font, folder] = arguments.as_slice() else { bail!("usage: soundfont_notes FONT.sf2 FOLDER") };
    let mut file = File::open(font).with_context(|| format!("{font} cannot be opened"))?;
    let font = Arc::new(SoundFont::new(&mut file).with_context(|| format!("{font} is no SoundFont"))?);
    let folder = Path::new(folder);
    for (family, programs) in PROGRAMS {
        for &(program, low, high) in *programs {
            for index in 0..NOTES_A_PROGRAM {
                let key =
                    low + ((high - low) as u16 * u16::from(index) / u16::from(NOTES_A_PROGRAM - 1)) as u8;
                let velocity = [50, 115, 80, 100][usize::from(index) % 4];
                let root = if *family == "percussion" { "none".to_string() } else { format!("{key:03}") };
                let name = format!("{family}/gm-{program:03}/{root}_{index}_{velocity}.wav");
                write(&folder.join(name), &render(&font, 0, program, key, velocity)?)?;
            }
        }
    }
    for kit in [0, 8, 16, 24, 40] {
        for key in DRUMS {
            let name = format!("percussion/gm-kit-{kit}/none_{key}.wav");
            write(&folder.join(name), &render(&font, 9, kit, key, 100)?)?;
        }
    }
    Ok(())
}

fn render(font: &Arc<SoundFont>, channel: i32, program: u8, key: u8, velocity: u8) -> Result<Vec<f32>> {
    let mut settings = SynthesizerSettings::new(RATE_HZ);
    settings.enable_reverb_and_chorus = false;
    let mut synth = Synthesizer::new(font, &settings)?;
    synth.process_midi_message(channel, 0xC0, i32::from(program), 0);
    synth.note_on(channel, i32::from(key), i32::from(velocity));
    let held = (HELD_SECS * RATE_HZ as f32) as usize;
    let (mut left, mut right) = (vec![0.0; (SECS * RATE_HZ as f32) as usize], Vec::new());
    right.resize(left.len(), 0.0);
    synth.render(&mut left[..held], &mut right[..held]);
    synth.note_off(channel, i32::from(key));
    synth.render(&mut left[held..], &mut right[held..]);
    Ok(left.iter().zip(&right).map(|(l, r)| 0.5 * (l + r)).collect())
}

fn write(path: &Path, mono: &[f32]) -> Result<()> {
    if mono.iter().all(|s| s.abs() < 1e-4) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE_HZ as u32,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).with_context(|| path.display().to_string())?;
    for sample in mono {
        writer.write_sample((sample.clamp(-1.0, 1.0) * 32_767.0) as i16)?;
    }
    Ok(writer.finalize()?)
}
