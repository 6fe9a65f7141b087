//! `neume bank map`, `show` and `play`: pages that are there, and sound that is what `render` writes.

mod cli_command;

use cli_command::{Desk, Run};

/// A desk with tones in `bank`: one named by its note, one by nothing.
fn studio() -> Desk {
    let desk = Desk::new();
    desk.tone("bank/Harp/Harp_C5.wav", 72.0);
    desk.tone("bank/loose/found one day.wav", 76.0);
    std::fs::create_dir(desk.path("empty")).unwrap();
    desk
}

fn refused(run: &Run, told: &[&str]) {
    assert_ne!(run.code, Some(0));
    assert_eq!(run.stdout, "");
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    told.iter().for_each(|part| assert!(run.stderr.contains(part), "`{part}` is not in {}", run.stderr));
}

#[test]
fn the_factory_bank_has_a_map_with_a_place_for_every_sound_and_the_same_one_twice() {
    let desk = Desk::new();
    let answer = desk.json(&["bank", "map", "--out", "map.svg"]);
    let sounds = answer["sounds"].as_array().unwrap();
    assert!(sounds.len() > 400);
    for sound in sounds {
        assert!(sound["file"].is_string() && sound["family"].is_string(), "{sound}");
        assert!(
            ["x", "y"].iter().all(|axis| (0.0..=1.0).contains(&sound[axis].as_f64().unwrap())),
            "{sound}"
        );
    }
    assert!(answer["quality"]["trustworthiness"].as_f64().unwrap() > 0.9);
    assert_eq!(answer["out"], "map.svg");
    let page = std::fs::read_to_string(desk.path("map.svg")).unwrap();
    assert!(page.matches("<circle").count() > 2 * sounds.len(), "a dot and a wash for each");
    assert!(page.contains("Factory") && page.contains(">FLUTE<"), "title and families are lettered");
    desk.json(&["bank", "map", "--out", "again.svg"]);
    assert!(page == std::fs::read_to_string(desk.path("again.svg")).unwrap());
}

#[test]
fn a_map_of_a_folder_is_a_picture_in_both_themes() {
    let desk = studio();
    for (name, dark) in [("light.png", false), ("dark.png", true)] {
        let words = ["bank", "map", "bank", "--out", name, "--dark"];
        desk.json(if dark { &words } else { &words[..5] });
        let picture = image::open(desk.path(name)).unwrap().into_luma8();
        assert_eq!(picture.get_pixel(3, 3).0[0] < 40, dark, "{name}");
        assert!(picture.width() >= 3_000);
    }
}

#[test]
fn a_sheet_says_what_the_sound_is_and_who_says_so() {
    let desk = studio();
    let answer = desk.json(&["bank", "show", "bank", "Harp/Harp_C5.wav", "--out", "sheet.png"]);
    assert_eq!(answer["file"], "Harp/Harp_C5.wav");
    assert!((answer["root_midi"].as_f64().unwrap() - 72.0).abs() < 0.5);
    assert_eq!(answer["said_by"]["root"], "name");
    assert_eq!(answer["said_by"]["family"], "name");
    for field in ["lead_secs", "trail_secs", "noisiness", "attack_secs", "loudness_db"] {
        assert!(answer[field].is_number(), "{field}: {answer}");
    }
    assert!(image::open(desk.path("sheet.png")).unwrap().width() >= 2_000);
    let nameless = desk.json(&["bank", "show", "bank", "one day", "--out", "sheet.svg"]);
    assert_eq!(nameless["file"], "loose/found one day.wav");
    assert_eq!(nameless["said_by"]["root"], "ear");
    let page = std::fs::read_to_string(desk.path("sheet.svg")).unwrap();
    assert!(page.contains("found one day") && page.contains("by ear"));
    let factory = desk.json(&["bank", "show", "cello", "--out", "cello.svg"]);
    assert_eq!(factory["said_by"]["root"], "recipe");
    assert!(factory["sustain"]["end_secs"].is_number(), "a held cello is looped");
}

/// On other systems such files cannot be.
#[cfg(target_os = "linux")]
#[test]
fn whatever_a_file_is_called_it_is_shown_on_one_line_and_reachable() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let desk = Desk::new();
    let names: [(&[u8], &str); 4] = [
        (b"-kick.wav", "-kick.wav"),
        (b"b\x1b[2J\nell.wav", r"b\u{1b}[2J\nell.wav"),
        (b"fl\xf6te.wav", "fl\u{fffd}te.wav"),
        ("gnp.\u{202e}eno\u{200b}.wav".as_bytes(), r"gnp.\u{202e}eno\u{200b}.wav"),
    ];
    for (midi, (name, _)) in (60..).zip(names) {
        desk.tone("tone.wav", midi as f32);
        std::fs::create_dir_all(desk.path("bank")).unwrap();
        std::fs::rename(desk.path("tone.wav"), desk.path("bank").join(OsStr::from_bytes(name))).unwrap();
    }
    std::fs::write(desk.path("bank/no\x1b[31msound.wav"), b"PK").unwrap();
    for words in
        [&["bank", "scan", "bank"][..], &["bank", "list", "bank"], &["bank", "root", "bank", "x\x1b[2J"]]
    {
        let run = desk.run(words);
        assert!(!(run.stdout + &run.stderr).contains(|c: char| c.is_control() && c != '\n'), "{words:?}");
    }
    let listed = desk.run(&["bank", "list", "bank"]).stdout;
    let mut shown: Vec<&str> = listed.lines().map(|line| line.split("  ").next().unwrap()).collect();
    shown.sort_unstable();
    assert_eq!(shown, names.map(|(_, shown)| shown));
    for (name, shown) in names {
        for name in [OsStr::from_bytes(name), OsStr::new(shown)] {
            let mut show = desk.command(&["bank", "show", "--out", "sheet.svg", "bank", "--"]);
            let output = show.arg(name).output().unwrap();
            let [told, failed] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
            assert!(
                output.status.success() && told.contains(&format!("sound      {shown}\n")),
                "{told}{failed}"
            );
            let root = desk.command(&["bank", "root", "bank", "--"]).arg(name).output().unwrap();
            assert!(root.status.success() && String::from_utf8(root.stdout).unwrap().starts_with(shown));
        }
    }
}

#[test]
fn one_is_counted_in_the_singular() {
    let desk = Desk::new();
    desk.tone("bank/tone.wav", 60.0);
    desk.write("bank/no sound.wav", b"PK");
    let told = desk.run(&["bank", "scan", "bank"]).stdout;
    assert!(
        told.starts_with("1 sound in bank, ") && told.contains("\n1 file is no sound, or not whole:\n"),
        "{told}"
    );
    let told = desk.run(&["bank", "list", "bank"]).stderr;
    assert_eq!(told, "1 file of bank is no sound, or not whole; `neume bank scan` names it\n");
}

#[test]
fn what_cannot_be_shown_is_refused_in_one_line() {
    let desk = studio();
    let near = ["`Harp/Harp_C5.wav`", "nearest"];
    refused(&desk.run(&["bank", "show", "bank", "Harq_C5", "--out", "a.png"]), &near);
    refused(&desk.run(&["bank", "play", "bank", "Harq_C5"]), &near);
    refused(&desk.run(&["bank", "map", "empty", "--out", "a.png"]), &["empty", "no sounds"]);
    refused(&desk.run(&["bank", "show", "empty", "x", "--out", "a.png"]), &["empty", "no sounds"]);
    refused(&desk.run(&["bank", "play", "empty", "x"]), &["empty", "no sounds"]);
    refused(&desk.run(&["bank", "map", "nowhere", "--out", "a.png"]), &["nowhere"]);
    refused(&desk.run(&["bank", "map", "bank", "--out", "a.gif"]), &["a.gif", ".png"]);
    refused(&desk.run(&["bank", "map", "bank", "--out", "no/a.png"]), &["no/a.png"]);
    refused(&desk.run(&["bank", "show", "bank", "Harp", "--out", "no/a.png"]), &["no/a.png"]);
    refused(&desk.run(&["bank", "play", "bank", "Harp", "--note", "128"]), &["128"]);
    refused(&desk.run(&["bank", "play", "bank", "Harp", "--secs", "NaN"]), &["NaN"]);
    assert!(!desk.path("a.png").exists());
}

#[cfg(target_os = "linux")]
mod with_alsa {
    use super::*;

    /// A sound card that is a file: what is played comes to lie in `heard.raw`.
    fn card(desk: &Desk) -> String {
        let heard = desk.path("heard.raw");
        let text = format!(
            "pcm.nothing {{ type null }}\n\
             pcm.written {{ type file slave.pcm \"nothing\" file \"{}\" format \"raw\" }}\n\
             pcm.!default {{ type plug slave.pcm \"written\" }}\n",
            heard.display()
        );
        desk.write("asound.conf", text.as_bytes());
        desk.path("asound.conf").display().to_string()
    }

    fn heard(desk: &Desk) -> Vec<f32> {
        let bytes = std::fs::read(desk.path("heard.raw")).unwrap();
        bytes
            .chunks_exact(8)
            .map(|frame| f32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]))
            .collect()
    }

    #[test]
    fn without_an_audio_device_there_is_one_clear_error() {
        let desk = studio();
        desk.write("none.conf", b"");
        let none = desk.path("none.conf").display().to_string();
        let run = desk.run_in(&[("ALSA_CONFIG_PATH", &none)], &["bank", "play", "bank", "Harp"]);
        refused(&run, &["no audio device"]);
    }

    #[test]
    fn what_is_played_is_what_is_rendered() {
        let desk = studio();
        desk.drawing("line.png", 3, 12, [0; 3]);
        let card = card(&desk);
        let words = ["bank", "play", "bank", "Harp", "--note", "72", "--secs", "1", "--json"];
        let run = desk.run_in(&[("ALSA_CONFIG_PATH", &card)], &words);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        let report = run.object();
        assert_eq!((&report["note"], &report["is_interrupted"]), (&72.into(), &false.into()));
        let rate = report["rate_hz"].to_string();
        desk.json(&[
            "render", "--sketch", "line.png", "--bank", "bank", "--sound", "Harp", "--notes", "72", "--rate",
            &rate, "--out", "out.wav",
        ]);
        let [rendered, _] = desk.samples("out.wav");
        let frames = report["frames"].as_u64().unwrap() as usize;
        let played = &heard(&desk)[..frames];
        // The drawing asks for another loudness: one gain lies between them.
        let product: f32 = played.iter().zip(&rendered).map(|(a, b)| a * b).sum();
        let gain = product / rendered.iter().take(frames).map(|b| b * b).sum::<f32>();
        let peak = played.iter().fold(0.0f32, |peak, a| peak.max(a.abs()));
        assert!(peak > 0.05, "it is heard: {peak}");
        for (i, (a, b)) in played.iter().zip(&rendered).enumerate() {
            assert!((a - gain * b).abs() < 1e-5, "frame {i}: {a} {b} {gain}");
        }
        assert!(heard(&desk)[frames..].iter().all(|a| *a == 0.0), "then it is silent");
    }

    #[test]
    fn an_interrupt_ends_playing_cleanly() {
        let desk = studio();
        let card = card(&desk);
        desk.json(&["bank", "scan", "bank"]);
        let mut command = desk.command(&["bank", "play", "bank", "Harp", "--secs", "600", "--json"]);
        command.env("ALSA_CONFIG_PATH", card).stdout(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        while std::fs::metadata(desk.path("heard.raw")).map_or(0, |file| file.len()) == 0 {
            assert!(child.try_wait().unwrap().is_none(), "it ended before it was heard");
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["is_interrupted"], true, "{report}");
    }
}
