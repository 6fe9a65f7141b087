//! Training from the command line: what it writes, how it goes on, and what it refuses.

mod cli_command;

use cli_command::Desk;

fn school() -> Desk {
    let desk = Desk::new();
    for (place, midi) in [("string/violin/60_1", 60.0), ("reed/oboe/64_1", 64.0), ("flute/alto/72_1", 72.0)] {
        desk.tone(&format!("sounds/{place}.wav"), midi);
    }
    desk
}

const SOUND: [&str; 8] = ["train", "sound", "--data", "sounds", "--held-out", "none", "--steps", "3"];

#[test]
fn a_sound_network_is_trained_and_says_how_well_it_hears() {
    let desk = school();
    desk.write("sounds/reed/oboe/65_1.wav", b"this is no sound");
    for note in [60, 62] {
        desk.write(&format!("sounds/kazoo/tin/{note}_1.wav"), b"of no family");
    }
    let run = desk.run(&[&SOUND[..], &["--seed", "7", "--out", "out", "--json"]].concat());
    let told: Vec<&str> = run.stderr.lines().filter(|line| line.contains("kazoo")).collect();
    assert!(
        told.len() == 1 && told[0].starts_with("left out: sounds/kazoo: 2 sounds: `kazoo`"),
        "{}",
        run.stderr
    );
    let answer = run.object();
    let classes = answer["classes"].as_array().unwrap();
    assert_eq!(classes.len(), 12);
    assert_eq!(classes.iter().map(|class| class["examples"].as_u64().unwrap()).sum::<u64>(), 3);
    for name in ["weights", "card", "curves", "confusion"] {
        let file = answer[name].as_str().unwrap();
        assert!(desk.path(file).metadata().unwrap().len() > 100, "{file}");
    }
    let weights = std::fs::read(desk.path("out/sound.safetensors")).unwrap();
    neume_models::SoundNet::from_weights(&weights).unwrap();
    let card = std::fs::read(desk.path("out/sound.json")).unwrap();
    let card: serde_json::Value = serde_json::from_slice(&card).unwrap();
    assert_eq!(card["command"], "neume train sound --data sounds --seed 7 --steps 3 --held-out none");
    assert_eq!((card["seed"].as_u64(), card["steps"].as_u64()), (Some(7), Some(3)));

    let again = desk.json(&[&SOUND[..], &["--seed", "7", "--out", "again"]].concat());
    let same = std::fs::read(desk.path(again["weights"].as_str().unwrap())).unwrap();
    assert!(weights == same, "the same command gives the same weights");
}

#[test]
fn a_sound_network_goes_on_learning_from_sounds_of_ones_own() {
    let desk = Desk::new();
    let mut labels = String::from("file,family,instrument,midi\n");
    for (family, instrument, midi) in [
        ("string", "my viol", 50.0),
        ("string", "my lira", 57.0),
        ("reed", "duduk", 60.0),
        ("reed", "zurna", 67.0),
    ] {
        desk.tone(&format!("mine/{instrument}.wav"), midi);
        labels +=
            &format!("{instrument}.wav,{family},\"{instrument}\",{}\n", if midi < 60.0 { "" } else { "60" });
    }
    desk.write("labels.csv", (labels + "missing.wav,reed,,none\n").as_bytes());
    let words =
        ["train", "sound", "--data", "mine", "--labels", "labels.csv", "--held-out", "none", "--steps", "2"];
    let run = desk.run(&[&words[..], &["--out", "out"]].concat());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("left out") && run.stderr.contains("missing.wav"), "{}", run.stderr);
    assert!(run.stdout.contains("before"), "{}", run.stdout);
    let trained = std::fs::read(desk.path("out/sound.safetensors")).unwrap();
    let trained = neume_models::weights::Weights::from_bytes(&trained).unwrap();
    let shipped = neume_models::weights::Weights::from_bytes(neume_models::SoundNet::EMBEDDED).unwrap();
    for ((name, now), (_, before)) in trained.iter().zip(shipped.iter()) {
        let off = (now - before).unwrap().abs().unwrap().flatten_all().unwrap().max(0).unwrap();
        assert!(off.to_scalar::<f32>().unwrap() < 0.01, "{name} starts from what ships");
    }
    desk.write("one.csv", b"file,family,midi\nmy viol.wav,string,60\nmy lira.wav,string,62\n");
    let run = desk.run(&["train", "sound", "--data", "mine", "--labels", "one.csv"]);
    assert!(run.code == Some(1) && run.stderr.contains("one.csv: the column `family`"), "{}", run.stderr);
    desk.write("wrong.csv", b"file,midi\nmy viol.wav,60\n");
    let run = desk.run(&["train", "sound", "--data", "mine", "--labels", "wrong.csv"]);
    assert!(run.stderr.contains("wrong.csv") && run.stderr.contains("no family is named"), "{}", run.stderr);
}

#[test]
fn a_training_that_was_killed_goes_on_to_the_same_weights() {
    let desk = school();
    let words = ["train", "sound", "--data", "sounds", "--held-out", "none", "--steps", "14", "--out"];
    let whole = desk.json(&[&words[..], &["whole"]].concat());
    desk.run_until(&[&words[..], &["cut"]].concat(), "cut/sound.checkpoint");
    assert!(!desk.path("cut/sound.safetensors").exists(), "it was stopped before its end");
    let rest = desk.run(&[&words[..], &["cut", "--json"]].concat());
    assert!(rest.stderr.contains("going on from"), "{}", rest.stderr);
    let [whole, cut] = [whole, rest.object()]
        .map(|answer| std::fs::read(desk.path(answer["weights"].as_str().unwrap())).unwrap());
    assert!(whole == cut, "a pause changes nothing");
    assert!(!desk.path("cut/sound.checkpoint").exists());
}

#[test]
fn a_training_that_is_interrupted_after_its_last_step_still_draws_its_curves() {
    let desk = school();
    let words = [&SOUND[..], &["--out"]].concat();
    let whole = desk.json(&[&words[..], &["whole"]].concat());
    // What cannot be written ends it after its examination, and its checkpoint stays.
    std::fs::create_dir_all(desk.path("cut/sound.curves.png")).unwrap();
    let run = desk.run(&[&words[..], &["cut"]].concat());
    assert!(run.code == Some(1) && desk.path("cut/sound.checkpoint").exists(), "{}", run.stderr);
    std::fs::remove_dir(desk.path("cut/sound.curves.png")).unwrap();
    let rest = desk.run(&[&words[..], &["cut", "--json"]].concat());
    assert!(rest.stderr.contains("going on from"), "{}", rest.stderr);
    let rest = rest.object();
    let [whole, cut] =
        [whole, rest].map(|answer| std::fs::read(desk.path(answer["curves"].as_str().unwrap())).unwrap());
    assert!(whole == cut, "they are those of all its steps");
    assert!(!desk.path("cut/sound.history").exists(), "nothing is left to go on from");
}

#[test]
fn what_cannot_teach_is_named_with_its_cause() {
    let desk = school();
    desk.write("pens/a_1.txt", b"");
    desk.write("one/string/violin/60_1.wav", b"no sound");
    for (words, told) in [
        (&["train", "sound"][..], ["--data", "sounds"]),
        (&["train", "sound", "--data", "missing"], ["missing", "No such file"]),
        (&["train", "sound", "--data", "pens"], ["pens", "label"]),
        (&["train", "sound", "--data", "sounds", "--held-out", "4/4"], ["--held-out", "4/4"]),
        (&["train", "sketch", "--data", "pens"], ["a_1.txt", "no stroke"]),
        (&["train", "sketch", "--steps", "0"], ["--steps", "0"]),
    ] {
        let run = desk.run(words);
        assert!(run.code.is_some_and(|code| code == 1 || code == 2), "{words:?}: {}", run.stderr);
        assert_eq!(run.stdout, "");
        assert_eq!(run.stderr.lines().count(), 1, "{words:?}: {}", run.stderr);
        for part in told {
            assert!(run.stderr.contains(part), "{words:?}: `{part}` is not in {}", run.stderr);
        }
    }
}

#[test]
fn weights_are_examined_without_learning_and_several_by_their_mean() {
    let desk = school();
    let words = ["train", "sound", "--data", "sounds", "--held-out", "none", "--steps"];
    for (out, seed) in [("a", "1"), ("b", "2")] {
        desk.json(&[&words[..], &["2", "--out", out, "--seed", seed]].concat());
    }
    let start = ["--start", "a/sound.safetensors", "--start", "b/sound.safetensors"];
    let both = desk.json(&[&words[..], &["0", "--out", "both"], &start[..]].concat());
    assert!(both["curves"].is_null(), "there are none: {both}");
    let command = "neume train sound --data sounds --start a/sound.safetensors --start b/sound.safetensors --seed 1 \
                   --steps 0 --held-out none";
    assert_eq!(both["figures"]["command"], command);
    let [a, both] =
        ["a", "both"].map(|of| std::fs::read(desk.path(&format!("{of}/sound.safetensors"))).unwrap());
    assert!(a.len() == both.len() && a != both);
}

#[test]
fn a_training_with_other_settings_is_not_overwritten() {
    let desk = school();
    desk.write("out/sound.checkpoint", b"of another training");
    desk.write("out/sound.run.json", br#"{"seed":9,"steps":5000,"examples":3,"other":"none"}"#);
    let run = desk.run(&[&SOUND[..], &["--out", "out"]].concat());
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(
        run.stderr.contains("sound.checkpoint") && run.stderr.contains("other settings"),
        "{}",
        run.stderr
    );
    assert_eq!(std::fs::read(desk.path("out/sound.checkpoint")).unwrap(), b"of another training");
}

#[test]
fn weights_of_a_training_that_ended_are_not_overwritten() {
    let desk = school();
    desk.write("out/sound.safetensors", b"of another training");
    let run = desk.run(&[&SOUND[..], &["--out", "out"]].concat());
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{}", run.stderr);
    assert!(run.stderr.contains("out/sound.safetensors") && run.stderr.contains("--out"), "{}", run.stderr);
    assert_eq!(std::fs::read(desk.path("out/sound.safetensors")).unwrap(), b"of another training");
    let kept: Vec<_> = std::fs::read_dir(desk.path("out")).unwrap().collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
}

#[cfg(unix)]
#[test]
fn a_training_that_is_interrupted_says_how_it_goes_on() {
    use std::process::{Command, Stdio};
    use std::time::Duration;

    let desk = school();
    let words = ["train", "sound", "--data", "sounds", "--held-out", "none", "--steps", "40", "--out"];
    for signal in ["INT", "TERM"] {
        let mut command = desk.command(&[&words[..], &[signal]].concat());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let checkpoint = desk.path(&format!("{signal}/sound.checkpoint"));
        while !checkpoint.exists() {
            assert!(child.try_wait().unwrap().is_none(), "it ended without a checkpoint");
            std::thread::sleep(Duration::from_millis(2));
        }
        let status = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(status.success());
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(130), "{signal}: {told}");
        assert!(
            told.trim_end().ends_with("of 40: the same command goes on from step 10"),
            "{signal}: {told}"
        );
        assert!(checkpoint.exists() && !desk.path(&format!("{signal}/sound.safetensors")).exists());
    }
}

#[test]
fn a_sign_network_is_trained_on_pen_movements() {
    let desk = Desk::new();
    for (sign, slope) in [("slash", 1.0), ("bar", 0.0), ("fall", -1.0)] {
        for person in 1..=7 {
            let points: String = (0..8)
                .map(|i| format!("{i},{},{}\n", slope * f64::from(i) + 0.1 * f64::from(person), 10 * i))
                .collect();
            let file = format!("pens/Lines/{sign}/0001_{person:02}.txt");
            desk.write(&file, format!("START\n{points}BREAK\n").as_bytes());
        }
    }
    let words = ["train", "sign", "--data", "pens", "--held-out", "none", "--steps", "2", "--out"];
    let answer = desk.json(&[&words[..], &["out"]].concat());
    assert_eq!(answer["classes"].as_array().unwrap().len(), 3);
    let weights = std::fs::read(desk.path(answer["weights"].as_str().unwrap())).unwrap();
    neume_models::SignNet::from_weights(&weights).unwrap();
    let again = desk.json(&[&words[..], &["again"]].concat());
    let same = std::fs::read(desk.path(again["weights"].as_str().unwrap())).unwrap();
    assert!(weights == same, "the same command gives the same weights");
    let mut labels = String::from("file,sign,alphabet\n");
    for (sign, slope) in [("slash", 1.0), ("bar", 0.0), ("fall", -1.0)] {
        for day in 1..=7 {
            let points: Vec<_> = (0..8)
                .map(|i| {
                    let x = 0.1 + 0.1 * f64::from(i);
                    serde_json::json!({ "x": x, "y": 0.5 + 0.4 * slope * (x - 0.5) + 0.01 * f64::from(day), "secs": 0.0 })
                })
                .collect();
            let stroke = serde_json::json!({ "points": points, "rgb": [0, 0, 0], "width_norm": 0.01 });
            let sketch = serde_json::json!({ "kind": "neume sketch", "version": 1, "sketch": { "strokes": [stroke] } });
            desk.write(&format!("mine/{sign} {day}.neume"), sketch.to_string().as_bytes());
            labels += &format!("\"{sign} {day}.neume\",{sign},mine\n");
        }
    }
    desk.write("labels.csv", (labels + "missing.neume,bar,mine\n").as_bytes());
    let own = ["train", "sign", "--data", "mine", "--labels", "labels.csv", "--steps", "2"];
    let run = desk.run(&[&own[..], &["--json", "--out", "own"]].concat());
    assert!(run.stderr.contains("left out") && run.stderr.contains("missing.neume"), "{}", run.stderr);
    let mut names: Vec<_> =
        run.object()["classes"].as_array().unwrap().iter().map(|class| class["class"].to_string()).collect();
    names.sort();
    assert_eq!(names, ["\"bar\"", "\"fall\"", "\"slash\""]);
    assert!(!run.stderr.contains("nothing is held out"), "{}", run.stderr);
    let figures = &run.object()["figures"];
    assert!(figures["command"].as_str().unwrap().ends_with("--held-out 0/4"), "{figures}");
    assert!(figures["metrics"]["one_shot_error_percent"].is_number(), "{figures}");
    desk.drawing("mine/line.png", 3, 12, [0; 3]);
    desk.drawing("mine/thick line.png", 7, 40, [0; 3]);
    desk.write("mine/white.png", &picture_of_paper());
    let few =
        "file,sign\nline.png,line\nthick line.png,line\nbar 1.neume,bar\nbar 2.neume,bar\nwhite.png,bar\n";
    desk.write("few.csv", few.as_bytes());
    let run = desk.run(&[
        "train", "sign", "--data", "mine", "--labels", "few.csv", "--steps", "2", "--out", "few", "--json",
    ]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("left out") && run.stderr.contains("white.png"), "{}", run.stderr);
    assert!(run.stderr.contains("nothing is held out") && !run.stderr.contains("line.png"), "{}", run.stderr);
    assert!(run.object()["figures"]["command"].as_str().unwrap().ends_with("--held-out none"));
    assert_eq!(run.object()["figures"]["metrics"], serde_json::Value::Null, "nothing was examined");
    let few = ["train", "sign", "--data", "mine", "--labels", "few.csv", "--steps", "0", "--start"];
    let examined = desk.json(&[&few[..], &["few/sign.safetensors", "--out", "examined"]].concat());
    assert_eq!(examined["figures"]["steps"], 0);
    let kept = |folder: &str| std::fs::read(desk.path(folder).join("sign.safetensors")).unwrap();
    assert!(kept("few") == kept("examined"), "the weights are those that --start names");
    let few = ["train", "sign", "--data", "mine", "--labels", "few.csv", "--steps", "0", "--out", "built in"];
    assert_eq!(desk.json(&few)["figures"]["steps"], 0, "what is built in is examined");
    neume_models::SignNet::from_weights(&kept("built in")).unwrap();
    desk.write("nameless.csv", b"file\nbar 1.neume\n");
    let run = desk.run(&["train", "sign", "--data", "mine", "--labels", "nameless.csv"]);
    assert!(run.stderr.contains("nameless.csv") && run.stderr.contains("no sign is named"), "{}", run.stderr);
    desk.write("one.csv", b"file,sign\nbar 1.neume,bar\nbar 2.neume,bar\n");
    let run = desk.run(&["train", "sign", "--data", "mine", "--labels", "one.csv"]);
    assert!(run.code == Some(1) && run.stderr.contains("one.csv: the column `sign`"), "{}", run.stderr);
    let run = desk.run(&["train", "sign", "--data", "out"]);
    assert!(run.code != Some(0) && run.stderr.contains("no stroke files"), "{}", run.stderr);
}

/// A white PNG.
fn picture_of_paper() -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    let white = image::RgbImage::from_pixel(200, 200, image::Rgb([255; 3]));
    white.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

#[test]
fn a_sketch_network_goes_on_learning_from_pictures_of_ones_own() {
    let desk = Desk::new();
    let mut labels = String::from("file,midi,width_norm,family\n");
    for i in 0..15u32 {
        let (row, thickness_px) = (i % 12, 6 + i);
        std::fs::create_dir_all(desk.path("mine")).unwrap();
        let ink = if i % 3 == 0 { [0; 3] } else { [40, 40, 190] };
        desk.drawing(&format!("mine/{i}.png"), row, thickness_px, ink);
        let family = if i % 3 == 0 { "open" } else { "string" };
        labels += &format!("{i}.png,{},{},{family}\n", 69 + row, f64::from(thickness_px) / 400.0);
    }
    labels += "missing.png,70,,\nhalf.png,70,,\n";
    desk.write("mine/half.png", &std::fs::read(desk.path("mine/1.png")).unwrap()[..200]);
    desk.write("labels.csv", labels.as_bytes());
    let words = |out| {
        [
            "train",
            "sketch",
            "--data",
            "mine",
            "--labels",
            "labels.csv",
            "--scale",
            "69-80",
            "--steps",
            "2",
            "--out",
            out,
        ]
    };
    let run = desk.run(&[&words("out")[..], &["--json"]].concat());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let told: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("left out")).collect();
    assert!(told.len() == 2 && told[0].contains("missing.png") && told[1].contains("half.png"), "{told:?}");
    let answer = run.object();
    let data = answer["figures"]["data"].as_str().unwrap();
    assert!(data.contains("15 pictures of --data mine"), "{data}");
    let styles = answer["figures"]["metrics"]["by_style"].as_array().unwrap();
    let own = |name: &str| styles.iter().find(|marks| marks["name"] == name).unwrap()["hard"].clone();
    for name in ["own before", "own after"] {
        assert_eq!(own(name)["drawings"], 3, "every fifth is held out");
        assert_eq!(own(name)["pitch_percent"], 100.0, "nothing is forgotten");
    }
    assert!(desk.path(answer["calibration"].as_str().unwrap()).exists());
    let weights = std::fs::read(desk.path(answer["weights"].as_str().unwrap())).unwrap();
    neume_models::SketchNet::from_weights(&weights).unwrap();

    desk.write("other/sketch.checkpoint", b"of another training");
    desk.write("other/sketch.run.json", br#"{"seed":9,"steps":5,"examples":3,"other":"none"}"#);
    let examined =
        ["train", "sketch", "--data", "mine", "--labels", "labels.csv", "--steps", "0", "--out", "other"];
    let told = desk.run(&examined).stderr;
    assert!(told.contains("other settings"), "what is built in can be examined without --start: {told}");

    desk.write("few.csv", b"file,midi\n1.png,70\n");
    desk.write("wrong.csv", b"file,family\n1.png,kazoo\n");
    desk.write("nothing.csv", b"file,midi\n1.png,\n");
    let of_one_class: String =
        (0..12).map(|i| format!("{i}.png,open,{}\n", if i == 3 { "" } else { "70" })).collect();
    desk.write("one.csv", format!("file,family,midi\n{of_one_class}").as_bytes());
    for (labels, told) in [
        ("few.csv", "ten are needed"),
        ("wrong.csv", "kazoo"),
        ("nothing.csv", "nothing is said"),
        ("one.csv", "`midi` says nothing but `70`, the column `family` says nothing but `open`"),
        ("nowhere.csv", "No such file"),
    ] {
        let run = desk.run(&["train", "sketch", "--data", "mine", "--labels", labels]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{labels}");
        assert!(run.stderr.contains(labels) && run.stderr.contains(told), "{labels}: {}", run.stderr);
    }
}
