//! What the fuzzer begins with: small files by our own writers, by those of the tests, and from the factory bank.

use std::io::Cursor;
use std::path::Path;

use neume_bank::{Bank, factory};
use neume_models::{Point, Rgb, Sketch, Stroke};

use crate::folder::Folder;
use crate::font::{Moved, Sample, font, mono, moved_font};
use crate::targets::BETWEEN;
use crate::tone::harmonic;

/// Writes the seeds of a target into a folder.
///
/// # Errors
/// Those of the file system.
pub fn write(target: &str, folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (number, bytes) in of(target)?.into_iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{number:02}")), bytes)?;
    }
    Ok(())
}

fn of(target: &str) -> std::io::Result<Vec<Vec<u8>>> {
    Ok(match target {
        "decode" => sounds()?,
        "hear" => heard(),
        "sfz" => both(SFZ, "<region> key=$TOP sample=b.wav pitch_keytrack=0 tune=30 // one key\n"),
        "dspreset" => both(DSPRESET, ""),
        "tables" => both(NOTES, CLIPS),
        "soundfont" => fonts()?,
        "index" => vec![index()?],
        "sketch" => sketches()?,
        _ => Vec::new(),
    })
}

fn both(one: &str, other: &str) -> Vec<Vec<u8>> {
    vec![[one.as_bytes(), BETWEEN, other.as_bytes()].concat(), one.as_bytes().to_vec()]
}

/// A WAV file of 16 bits: a tone on this note, and these chunks behind it.
pub fn wave(midi: f32, secs: f32, chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let hz = 440.0 * 2f32.powf((midi - 69.0) / 12.0);
    wave_of(22_050, 1, &harmonic(22_050, hz, &[1.0, 0.5, 0.25], secs), chunks)
}

fn wave_of(rate_hz: u32, channels: u16, samples: &[f32], chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate_hz,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).expect("memory can be written");
    for sample in samples {
        writer.write_sample((sample * 32_767.0) as i16).expect("memory can be written");
    }
    writer.finalize().expect("memory can be written");
    let mut bytes = bytes.into_inner();
    for (name, body) in chunks {
        bytes.extend_from_slice(*name);
        bytes.extend_from_slice(&(body.len() as u32).to_le_bytes());
        bytes.extend_from_slice(body);
    }
    bytes
}

/// The tests' files in every coding, waves with chunks, and the beginning of a few factory sounds.
fn sounds() -> std::io::Result<Vec<Vec<u8>>> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bank/tests/it/fixtures");
    let mut seeds = Vec::new();
    for entry in std::fs::read_dir(fixtures)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension != "md") {
            seeds.push(std::fs::read(path)?);
        }
    }
    let mut sampler = [0u8; 60];
    (sampler[12], sampler[28], sampler[48]) = (60, 1, 200);
    seeds.push(wave(60.0, 0.02, &[(b"smpl", &sampler), (b"inst", &[57, 0, 0, 0, 127, 1, 127, 0])]));
    let factory = Bank::factory();
    for recipe in factory::recipes().iter().step_by(24) {
        let audio = factory.sounds.iter().find(|sound| sound.name.starts_with(recipe.name));
        if let Some(audio) = audio.and_then(|sound| factory.load(sound).ok()) {
            let both = (0..500).flat_map(|i| audio.channels.iter().map(move |channel| channel[i + 2_000]));
            seeds.push(wave_of(audio.rate_hz, audio.channels.len() as u16, &both.collect::<Vec<_>>(), &[]));
        }
    }
    Ok(seeds)
}

fn heard() -> Vec<Vec<u8>> {
    let bytes = |rate: u16, kind: u8, midi: f32, secs: f32| {
        let mut bytes = rate.to_le_bytes().to_vec();
        bytes.push(kind);
        bytes.extend(&wave(midi, secs, &[])[44..]);
        bytes
    };
    vec![bytes(7_016, 0, 60.0, 0.1), bytes(7_016, 1, 45.0, 0.2), bytes(0, 0, 90.0, 0.6)]
}

const SFZ: &str = "/* a lute */ <control> default_path=./ note_offset=12 set_cc1=20\n\
#define $TOP c4\n#define $TO 99\n<global> ampeg_release=0.5 volume=-3 cutoff=800\n\
<group> lokey=20 hikey=b2 pitch_keycenter=c2 tune=-25 seq_length=2\n\
<region> sample=a.wav lovel=0 hivel=63 seq_position=2 group_volume=1\n\
<region> sample=B.WAV lovel=64 pan=-50 offset=10 end=400 loop_mode=loop_continuous loop_start=100 loop_end=299\n\
<region> sample=b.wav trigger=release lorand=0 hirand=0.5\n<region> sample=*sine\n<region> sample=b.wav loprog=1\n\
<group> #include \"i.txt\" <curve> curve_index=7 v000=0.1 v064=-1\n<curve> v127=0.5\n\
<region> sample=a.wav amplitude_oncc1=90 amplitude_curvecc1=7 cutoff_cc1=-1200 cutoff=900 fil_type=lpf_6p rt_decay=3 \
trigger=release_key amp_velcurve_63=0.5 amp_velcurve_100=1 ampeg_decay=2 ampeg_sustain=30 fileg_decay=1 fileg_depth=90 \
sw_lolast=24 sw_hilast=30\n<region> sample=a.wav lfo01_freq=5 lfo01_pitch=30 lfo01_pitch_oncc1=9 lfo02_freq=1 lfo02_volume=3\n";

const DSPRESET: &str = "<?xml version=\"1.0\"?><DecentSampler><ui/><groups attack=\"0.1\" volume=\"-3dB\">\
<group seqMode=\"round_robin\" seqLength=\"2\"><sample path=\"a.wav\" rootNote=\"60\" loNote=\"20\" hiNote=\"60\" \
loVel=\"1\" hiVel=\"127\" loopEnabled=\"true\" loopStart=\"10\" loopEnd=\"200\" start=\"5\" end=\"400\" tuning=\"0.5\" \
pan=\"-30\" seqPosition=\"2\"/><sample path=\"b.wav\" rootNote=\"67\" loNote=\"61\" hiNote=\"127\"/></group></groups>\
<effects><effect type=\"lowpass\"/></effects></DecentSampler>";

const NOTES: &str = "{\"a\":{\"pitch\":60,\"velocity\":100,\"instrument_str\":\"keyboard_acoustic_000\",\
\"instrument_family_str\":\"keyboard\"},\"c\":{\"pitch\":1}}";
const CLIPS: &str = "filename,fold,target,category,esc10,src_file,take\na.wav,1,0,dog,True,100032,A\nb.wav,1,1,rain,\"x\",1,B\n";

fn fonts() -> std::io::Result<Vec<Vec<u8>>> {
    let short = |midi| Sample { secs: 0.02, ..mono(midi, midi as u8) };
    let keys = |low: i16, high: i16| (43, low | high << 8);
    let ogg = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bank/tests/it/fixtures/sine.ogg");
    let compressed = Sample { kind: 0x11, data: Some(std::fs::read(ogg)?), ..mono(69.0, 69) };
    let moved: [Moved; 3] = [[0x502, 48, 800, 0, 0], [0x102, 8, 0xf6a0, 0, 0], [0x203, 34, 900, 0x8a, 2]];
    Ok(vec![
        moved_font(&[short(60.0)], &[&[(8, 9_000), (53, 0)]], &[(48, -100)], &moved),
        font(
            &[short(60.0), short(67.0)],
            &[
                &[(48, 100), (36, 0), (37, 200)],
                &[keys(0, 60), (54, 1), (52, 25), (53, 0)],
                &[keys(61, 127), (58, 70), (56, 50), (8, 6_000), (53, 1)],
            ],
            &[(51, 1)],
        ),
        font(&[short(60.0), short(60.01)], &[&[(17, 500), (53, 1)], &[(17, -500), (53, 0)]], &[]),
        font(&[compressed], &[&[(54, 1), (53, 0)]], &[]),
    ])
}

fn index() -> std::io::Result<Vec<u8>> {
    let folder = Folder::new()?;
    for (name, midi) in [("a.wav", 60.0), ("b.wav", 67.0)] {
        folder.write(name, &wave(midi, 0.02, &[]));
    }
    folder.write("x.sfz", SFZ.as_bytes());
    folder.scan().map_err(std::io::Error::other)?;
    std::fs::read(folder.index().unwrap_or_default())
}

fn sketches() -> std::io::Result<Vec<Vec<u8>>> {
    let point = |x: f32, y: f32| Point { x, y, secs: x };
    let stroke =
        Stroke { points: vec![point(0.1, 0.4), point(0.9, 0.6)], rgb: Rgb([200, 30, 30]), width_norm: 0.02 };
    let sketch = Sketch { strokes: vec![stroke], ..Sketch::default() };
    Ok(vec![sketch.to_file().map_err(std::io::Error::other)?, PIXEL.to_vec()])
}

/// A PNG of one pixel.
const PIXEL: &[u8] = &[
    0x89, b'P', b'N', b'G', 13, 10, 26, 10, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0, 1, 8,
    0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 10, b'I', b'D', b'A', b'T', 0x78, 0x9c, 0x63, 0x60, 0, 0, 0,
    2, 0, 1, 0x48, 0xaf, 0xa4, 0x71, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];
