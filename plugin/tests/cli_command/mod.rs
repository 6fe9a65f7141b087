//! Runs the real `neume` command in a folder of its own, and makes the files that it is given.
#![allow(dead_code)] // Each test binary uses its part.

use std::f32::consts::TAU;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

/// A folder with a cache of its own, in which the command runs.
pub struct Desk(tempfile::TempDir);

/// What a run of the command left.
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Desk {
    pub fn new() -> Desk {
        let desk = Desk(tempfile::tempdir().unwrap());
        std::fs::create_dir(desk.path("home")).unwrap();
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Runs `neume` with these words, in the folder.
    pub fn run(&self, words: &[&str]) -> Run {
        self.run_in(&[], words)
    }

    /// The same with these variables.
    pub fn run_in(&self, variables: &[(&str, &str)], words: &[&str]) -> Run {
        let output = self.command(words).envs(variables.iter().copied()).output().unwrap();
        Run {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs `neume` with these words and kills it as soon as this file is there.
    pub fn run_until(&self, words: &[&str], file: &str) {
        let mut child = self.command(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while !self.path(file).exists() {
            assert!(child.try_wait().unwrap().is_none(), "{words:?} ended without {file}");
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Begins to run `neume` with these words; what it prints is held.
    pub fn start(&self, words: &[&str]) -> std::process::Child {
        self.command(words).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Runs a line of the shell, in which `$0` is `neume`.
    pub fn run_in_shell(&self, line: &str) -> Run {
        let mut command = self.program("sh");
        let output = command.args(["-c", line, env!("CARGO_BIN_EXE_neume")]).output().unwrap();
        Run {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The command with these words, to be run in the folder.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_neume"));
        command.args(words);
        command
    }

    fn program(&self, program: &str) -> Command {
        let home = self.path("home");
        let mut command = Command::new(program);
        command
            .current_dir(self.0.path())
            .env("HOME", &home)
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("XDG_CONFIG_HOME", home.join(".config"))
            .env("XDG_DATA_HOME", home.join(".local/share"))
            .env("LOCALAPPDATA", home.join("cache"))
            .env_remove("NEUME_DEVICE")
            .env_remove("NEUME_CUDA")
            .env_remove("DISPLAY");
        command
    }

    /// Runs `neume --json`, which must succeed, and returns its one object.
    pub fn json(&self, words: &[&str]) -> Value {
        let run = self.run(&[words, &["--json"]].concat());
        assert_eq!(run.code, Some(0), "{words:?}: {}", run.stderr);
        run.object()
    }

    /// A PNG of 400 x 400 px: black ink on white, a line of this thickness at the height of a row of twelve.
    pub fn drawing(&self, name: &str, row: u32, thickness_px: u32, ink: [u8; 3]) {
        let middle = 400.0 - (row as f32 + 0.5) * 400.0 / 12.0;
        let picture = image::RgbImage::from_fn(400, 400, |x, y| {
            let is_ink =
                (y as f32 + 0.5 - middle).abs() <= thickness_px as f32 / 2.0 && (60..340).contains(&x);
            image::Rgb(if is_ink { ink } else { [255; 3] })
        });
        picture.save(self.path(name)).unwrap();
    }

    /// A mono WAV file: four harmonics on this MIDI note, with a soft attack, for two seconds.
    pub fn tone(&self, name: &str, midi: f32) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 44_100,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(path, spec).unwrap();
        for i in 0..88_200 {
            let secs = i as f32 / 44_100.0;
            let turn = TAU * hz(midi) * secs;
            let wave: f32 = (1..=4).map(|n| (turn * n as f32).sin() / (n * n) as f32).sum();
            let level = (secs / 0.02).min(1.0) * ((2.0 - secs) / 0.05).min(1.0) * 0.4;
            writer.write_sample((wave * level * 32_000.0) as i16).unwrap();
        }
        writer.finalize().unwrap();
    }

    /// Both channels of a WAV file of 32-bit floats.
    pub fn samples(&self, name: &str) -> [Vec<f32>; 2] {
        let mut reader = hound::WavReader::open(self.path(name)).unwrap();
        let spec = reader.spec();
        assert_eq!((spec.channels, spec.bits_per_sample), (2, 32));
        assert_eq!(spec.sample_format, hound::SampleFormat::Float);
        let all: Vec<f32> = reader.samples().map(Result::unwrap).collect();
        [0, 1].map(|channel| all.iter().skip(channel).step_by(2).copied().collect())
    }
}

impl Run {
    /// Stdout as exactly one JSON object.
    pub fn object(&self) -> Value {
        assert_eq!(self.stdout.trim_end().lines().count(), 1, "{}", self.stdout);
        let value: Value = serde_json::from_str(&self.stdout).unwrap();
        assert!(value.is_object());
        value
    }
}

/// The frequency of a MIDI note.
pub fn hz(midi: f32) -> f32 {
    440.0 * 2f32.powf((midi - 69.0) / 12.0)
}

/// The MIDI note of a steady sound, by the first high peak of its autocorrelation.
pub fn midi_of(samples: &[f32], rate_hz: f32) -> f32 {
    let len = samples.len() / 2;
    let likeness = |lag: usize| -> f32 {
        let (mut product, mut power) = (0.0, 1e-12);
        for i in 0..len {
            product += samples[i] * samples[i + lag];
            power += 0.5 * (samples[i].powi(2) + samples[i + lag].powi(2));
        }
        product / power
    };
    let longest = ((rate_hz / 60.0) as usize).min(len - 2);
    let curve: Vec<f32> = (0..longest).map(likeness).collect();
    let fall = curve.iter().position(|&like| like < 0.3).unwrap();
    let highest = curve[fall..].iter().copied().fold(0.0, f32::max);
    let mut lag = fall + curve[fall..].iter().position(|&like| like > 0.9 * highest).unwrap();
    while lag + 2 < longest && curve[lag + 1] > curve[lag] {
        lag += 1;
    }
    let (a, b, c) = (curve[lag - 1], curve[lag], curve[lag + 1]);
    let between = 0.5 * (a - c) / (a - 2.0 * b + c);
    69.0 + 12.0 * (rate_hz / (lag as f32 + between) / 440.0).log2()
}
