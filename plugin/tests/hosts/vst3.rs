//! The instrument as a VST3 host sees it: `vst3_host.py` plays it in pedalboard, and the samples are judged here.

use std::path::Path;
use std::process::Command;

use crate::{bundle, pitch};

struct Heard {
    facts: serde_json::Value,
    folder: tempfile::TempDir,
}

impl Heard {
    /// The left channel of a recording.
    fn left(&self, name: &str) -> Vec<f32> {
        let bytes = std::fs::read(self.folder.path().join(format!("{name}.f32"))).unwrap();
        let samples: Vec<f32> =
            bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        samples[..samples.len() / 2].to_vec()
    }

    /// How far the pitch of a recording lies from A4, in semitones.
    fn semitones_from_a4(&self, name: &str) -> f64 {
        let rate_hz = self.facts["heard"][name]["rate_hz"].as_f64().unwrap();
        let found = pitch::hz(&self.left(name), rate_hz, (0.25 * rate_hz) as usize);
        pitch::semitones_from(69.0, found.unwrap_or_else(|| panic!("{name} has no pitch")))
    }

    fn peak(&self, name: &str) -> f64 {
        self.facts["heard"][name]["peak"].as_f64().unwrap_or_else(|| panic!("{name} was not played"))
    }
}

/// The host, about to do something with the bundle.
pub fn host(verb: &str) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hosts/vst3_host.py");
    let mut command = Command::new(bundle::python());
    command.arg(script).arg(verb).arg(bundle::vst3());
    command
}

fn listen() -> Heard {
    let folder = tempfile::tempdir().unwrap();
    let output = host("play").arg(folder.path()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the VST3 host failed: {}\n{errors}", output.status);
    let words = String::from_utf8_lossy(&output.stdout);
    let facts = words.lines().last().and_then(|line| serde_json::from_str(line).ok());
    Heard { facts: facts.unwrap_or_else(|| panic!("the host said no JSON: {words}\n{errors}")), folder }
}

#[test]
fn a_vst3_host_loads_plays_and_restores_the_instrument() {
    let heard = listen();
    assert_eq!(heard.facts["name"], "Neume");
    assert_eq!(heard.facts["is_instrument"], true);
    let parameters = heard.facts["parameters"].as_object().unwrap();
    for name in ["slot", "mode", "attack", "decay", "sustain", "release", "gain"] {
        assert!(parameters.contains_key(name), "no parameter {name} in {parameters:?}");
    }
    assert!(parameters.len() <= 13, "the host's own bypass besides ours, and no MIDI ones: {parameters:?}");

    for name in ["fresh", "small_blocks", "at_44100", "at_96000", "changed"] {
        assert!(heard.peak(name) > 0.001 && heard.peak(name) < 4.0, "{name} peaks at {}", heard.peak(name));
    }
    for (name, semitones) in [("fresh", 0.0), ("at_44100", 0.0), ("at_96000", 0.0), ("bent", 2.0)] {
        let found = heard.semitones_from_a4(name);
        assert!((found - semitones).abs() < 0.15, "{name} sounds {found:+.2} semitones from A4");
    }
    assert!(heard.left("fresh") == heard.left("small_blocks"), "the block size changes the samples");
    assert!(heard.left("changed") != heard.left("fresh"), "attack and gain are heard");
    assert!(heard.left("restored") == heard.left("changed"), "the saved state sounds the same");
    assert!(heard.left("one_of_many_0") == heard.left("one_of_many_15"), "sixteen instances are alike");
    let softer = heard.peak("soft") / heard.peak("fresh");
    assert!((softer - (64.0f64 / 127.0).powi(2)).abs() < 0.02, "half of the expression leaves {softer}");
    assert!(heard.left("trembling") != heard.left("fresh"), "the modulation wheel is heard");
    let late = |name: &str| heard.left(name)[44_000..].iter().map(|s| s.abs()).fold(0.0, f32::max);
    assert!(late("pedal") > 2.0 * late("fresh"), "the pedal holds: {} and {}", late("pedal"), late("fresh"));
}
