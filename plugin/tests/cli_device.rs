//! Where the networks run: chosen at run time, named in JSON, and where it cannot be had the CPU says the same and one
//! line says why. There is no GPU here: what stands for `models/cuda` is its C interface with the CPU behind it.

mod cli_command;

use std::path::PathBuf;

use cli_command::{Desk, Run};
use neume_models::{Point, Rgb, Sketch, Stroke};
use serde_json::Value;

/// A desk with a drawing of the pen.
fn desk() -> Desk {
    let desk = Desk::new();
    let points = (0..60).map(|i| Point { x: 0.1 + 0.013 * i as f32, y: 0.5, secs: 0.0 }).collect();
    let stroke = Stroke { points, rgb: Rgb([30, 60, 160]), width_norm: 0.02 };
    let sketch = Sketch { strokes: vec![stroke], ..Sketch::default() };
    desk.write("a.neume", &sketch.to_file().unwrap());
    desk
}

/// What stands for the CUDA library: cargo builds it with the tests.
fn pretended() -> String {
    let bin = PathBuf::from(env!("CARGO_BIN_EXE_neume"));
    let name = format!("{}cuda_on_cpu{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    bin.with_file_name("examples").join(name).display().to_string()
}

const READ: &[&str] = &["read", "a.neume", "--json"];

/// The readings without the time that they took, and the device.
fn told(run: &Run) -> (Value, String) {
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let mut object = run.object();
    for reading in object["readings"].as_array_mut().unwrap() {
        reading.as_object_mut().unwrap().remove("millis");
    }
    (object["readings"].take(), object["device"].as_str().unwrap().to_string())
}

#[test]
fn without_a_word_the_cpu_serves_and_nothing_is_said() {
    let run = desk().run(READ);
    assert_eq!((told(&run).1.as_str(), run.stderr.as_str()), ("CPU", ""));
}

#[test]
fn a_device_that_cannot_be_had_costs_one_line_and_the_cpu_reads_the_same() {
    let desk = desk();
    desk.write("garbage.so", &b"no library at all ".repeat(40));
    desk.write("home/.config/neume/device", b"toaster\n");
    desk.write("home/Library/Application Support/Neume/device", b"toaster\n");
    let expected = told(&desk.run_in(&[("NEUME_DEVICE", "cpu")], READ)).0;
    let pretended = pretended();
    let mut cases = vec![
        (vec![("NEUME_DEVICE", "cuda")], vec!["neume_cuda", "is not in"]),
        (vec![("NEUME_DEVICE", "cuda"), ("NEUME_CUDA", "missing.so")], vec!["missing.so"]),
        (vec![("NEUME_DEVICE", "CUDA"), ("NEUME_CUDA", "./garbage.so")], vec!["garbage.so"]),
        (vec![("NEUME_DEVICE", "\u{1b}gpu\n")], vec!["NEUME_DEVICE", "`gpu` is not cpu, cuda or metal"]),
        (
            vec![("NEUME_DEVICE", "cuda"), ("NEUME_CUDA", &pretended), ("NEUME_PRETEND", "refuse")],
            vec!["cuda_on_cpu", "there is no device 0"],
        ),
    ];
    if cfg!(not(target_os = "macos")) {
        cases.push((vec![("NEUME_DEVICE", "metal")], vec!["Metal is built in on macOS only"]));
    }
    if cfg!(target_os = "linux") {
        let libm = vec![("NEUME_DEVICE", "cuda"), ("NEUME_CUDA", "libm.so.6")];
        cases.push((libm, vec!["libm.so.6", "not Neume's CUDA library"]));
    }
    if cfg!(unix) {
        cases.push((vec![], vec!["eume/device", "`toaster` is not cpu, cuda or metal"]));
    }
    for (variables, parts) in cases {
        let run = desk.run_in(&variables, READ);
        assert_eq!(told(&run), (expected.clone(), "CPU".to_string()), "{variables:?}");
        assert_eq!(run.stderr.lines().count(), 1, "{variables:?}: {}", run.stderr);
        for part in parts.into_iter().chain(["the networks run on the CPU"]) {
            assert!(run.stderr.contains(part), "{variables:?}: `{part}` is not in {}", run.stderr);
        }
    }
}

#[test]
fn a_library_that_panics_does_not_take_the_command_with_it() {
    let desk = desk();
    let pretended = pretended();
    let variables = [("NEUME_CUDA", &pretended[..]), ("NEUME_PRETEND", "panic")];
    let run = desk.run_in(&variables, &["--device", "cuda", "read", "a.neume", "--json"]);
    assert_eq!(told(&run).1, "CPU");
    assert!(run.stderr.contains("it panicked: the driver is confused; the networks run on the CPU"));
}

#[test]
fn the_command_line_chooses_before_the_surroundings() {
    let run = desk().run_in(&[("NEUME_DEVICE", "toaster")], &[READ, &["--device", "cpu"]].concat());
    assert_eq!((told(&run).1.as_str(), run.stderr.as_str()), ("CPU", ""));
    let run = desk().run(&["read", "a.neume", "--device", "toaster"]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("`toaster` is not cpu, cuda or metal"), "{}", run.stderr);
}

#[test]
fn through_the_c_interface_drawings_signs_and_sounds_say_what_they_say_on_the_cpu() {
    let desk = desk();
    desk.tone("bank/tone.wav", 64.0);
    desk.write("known/line/a.neume", &std::fs::read(desk.path("a.neume")).unwrap());
    let pretended = pretended();
    let away = [("NEUME_CUDA", &pretended[..]), ("NEUME_DEVICE", "cuda")];
    let run = desk.run_in(&away, READ);
    assert_eq!(told(&run), (told(&desk.run(READ)).0, "CUDA: the CPU, for a test".to_string()));
    assert_eq!(run.stderr, "");
    for words in [
        &["sign", "classify", "--support", "known", "--query", "known/line", "--json"][..],
        &["match", "a.neume", "--bank", "bank", "--json"],
    ] {
        let there = desk.run_in(&away, words);
        std::fs::remove_dir_all(desk.path("home/cache")).ok();
        let here = desk.run(words);
        let answer = |run: &Run| {
            let mut object = run.object();
            object["reading"].as_object_mut().map(|reading| reading.remove("millis"));
            let device = object.as_object_mut().and_then(|answer| answer.remove("device"));
            (object, device.unwrap_or_default())
        };
        let [(far, cuda), (near, cpu)] = [&there, &here].map(answer);
        assert_eq!(far, near, "{words:?}");
        assert_eq!([cuda, cpu], ["CUDA: the CPU, for a test", "CPU"], "{words:?}");
    }
}

#[test]
fn networks_are_trained_on_the_cpu_and_say_so() {
    let run = desk().run(&["train", "sign", "--data", "missing", "--out", "x", "--device", "cuda"]);
    assert_ne!(run.code, Some(0));
    assert_eq!(run.stderr.trim(), "neume: --device: networks are trained on the CPU");
}
