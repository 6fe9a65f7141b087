//! A writer of SoundFonts, for tests and for the fuzzer's seeds.

use crate::tone::harmonic;

/// Of every sample.
pub const RATE_HZ: u32 = 22_050;

/// A sample.
pub struct Sample {
    /// Its tone.
    pub midi: f32,
    /// Length of the tone.
    pub secs: f32,
    /// The key that the header names.
    pub key: u8,
    /// Mono, a side of a pair, compressed.
    pub kind: u16,
    /// A compressed stream in the place of the tone.
    pub data: Option<Vec<u8>>,
}

/// Generators of a zone: number and amount.
pub type Zone<'a> = &'a [(u16, i16)];

/// Source, generator, amount, source of the amount and transform of a modulator.
pub type Moved = [u16; 5];

/// Writes a bank of one instrument and one preset.
pub fn font(samples: &[Sample], zones: &[Zone], preset: Zone) -> Vec<u8> {
    moved_font(samples, zones, preset, &[])
}

/// The same with modulators of the first zone.
pub fn moved_font(samples: &[Sample], zones: &[Zone], preset: Zone, modulators: &[Moved]) -> Vec<u8> {
    let (mut data, mut headers) = (Vec::new(), Vec::new());
    for (i, sample) in samples.iter().enumerate() {
        let compressed = sample.data.is_some();
        let unit = if compressed { 1 } else { 2 };
        let start = (data.len() / unit) as u32;
        let hz = 440.0 * 2f32.powf((sample.midi - 69.0) / 12.0);
        match &sample.data {
            Some(bytes) => data.extend(bytes),
            None => {
                for sample in harmonic(RATE_HZ, hz, &[1.0, 0.5, 0.25], sample.secs) {
                    data.extend(((sample * 32_767.0) as i16).to_le_bytes());
                }
            }
        }
        let end = (data.len() / unit) as u32;
        let base = if compressed { 0 } else { start };
        data.extend([0; 92]);
        headers.extend(name20(&format!("tone {i}")));
        for number in [start, end, base + 100, base + 2_100, RATE_HZ] {
            headers.extend(number.to_le_bytes());
        }
        headers.extend([sample.key, 0]);
        headers.extend(0u16.to_le_bytes());
        headers.extend(sample.kind.to_le_bytes());
    }
    headers.extend([&name20("EOS")[..], &[0; 26]].concat());
    let (mut bags, mut generators) = (Vec::new(), Vec::new());
    for zone in zones {
        let before = if bags.is_empty() { 0 } else { modulators.len() as u16 };
        bags.extend([((generators.len() / 4) as u16).to_le_bytes(), before.to_le_bytes()].concat());
        for (number, amount) in *zone {
            generators.extend([number.to_le_bytes(), amount.to_le_bytes()].concat());
        }
    }
    let count = if zones.is_empty() { 0 } else { modulators.len() as u16 };
    bags.extend([((generators.len() / 4) as u16).to_le_bytes(), count.to_le_bytes()].concat());
    let numbers = modulators.iter().flatten().chain(&[0; 5]);
    let modulators: Vec<u8> = numbers.flat_map(|number| number.to_le_bytes()).collect();
    generators.extend([0; 4]);
    let mut preset_generators = Vec::new();
    for (number, amount) in preset.iter().chain(&[(41, 0)]) {
        preset_generators.extend([number.to_le_bytes(), amount.to_le_bytes()].concat());
    }
    let count = (preset_generators.len() / 4) as u16;
    preset_generators.extend([0; 4]);
    let head = |name: &str, numbers: &[u16], rest: usize| {
        let mut bytes = name20(name).to_vec();
        numbers.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        bytes.extend(vec![0; rest]);
        bytes
    };
    let pdta = [
        chunk(b"phdr", &[head("Test Flute", &[0, 0, 0], 12), head("EOP", &[0, 0, 1], 12)].concat()),
        chunk(b"pbag", &[[0, 0], [0, 0], count.to_le_bytes(), [0, 0]].concat()),
        chunk(b"pmod", &[0; 10]),
        chunk(b"pgen", &preset_generators),
        chunk(b"inst", &[head("Flute", &[0], 0), head("EOI", &[zones.len() as u16], 0)].concat()),
        chunk(b"ibag", &bags),
        chunk(b"imod", &modulators),
        chunk(b"igen", &generators),
        chunk(b"shdr", &headers),
    ];
    let info = [chunk(b"ifil", &[2, 0, 1, 0]), chunk(b"isng", b"EMU8000\0"), chunk(b"INAM", b"test\0\0")];
    let lists =
        [list(b"INFO", &info.concat()), list(b"sdta", &chunk(b"smpl", &data)), list(b"pdta", &pdta.concat())];
    chunk(b"RIFF", &[&b"sfbk"[..], &lists.concat()].concat())
}

fn name20(name: &str) -> [u8; 20] {
    let mut bytes = [0; 20];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    bytes
}

fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut bytes = [&name[..], &(body.len() as u32).to_le_bytes(), body].concat();
    bytes.resize(bytes.len() + body.len() % 2, 0);
    bytes
}

fn list(form: &[u8; 4], body: &[u8]) -> Vec<u8> {
    chunk(b"LIST", &[&form[..], body].concat())
}

/// A sample of one channel.
pub fn mono(midi: f32, key: u8) -> Sample {
    Sample { midi, secs: 0.3, key, kind: 1, data: None }
}
