//! What the commands do with what they cannot use: one line naming file and cause, an exit status that is not
//! zero, nothing on stdout.

mod cli_command;

use cli_command::{Desk, Run};

/// A PNG whose header claims this many pixels a side and whose data are not there.
fn claims(side_px: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(side_px.to_be_bytes());
    header.extend(side_px.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0d".to_vec();
    let crc = crc32(&header);
    file.extend(header);
    file.extend(crc.to_be_bytes());
    file.extend(b"\x00\x00\x00\x00IDAT");
    file.extend(crc32(b"IDAT").to_be_bytes());
    file
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
    })
}

/// A desk with a good drawing, a small bank, and everything that is wrong.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.drawing("good.png", 3, 12, [0; 3]);
    desk.tone("bank/tone.wav", 69.0);
    desk.write("empty.png", b"");
    desk.write("garbage.png", &b"no picture at all ".repeat(40));
    desk.write("huge.png", &claims(30_000));
    desk.write("garbage.neume", b"\x00\x01\x02 not json");
    desk.write("future.neume", br#"{"kind":"neume sketch","version":999,"sketch":{"strokes":[]}}"#);
    desk.write("no ink.neume", br#"{"kind":"neume sketch","version":1,"sketch":{"strokes":[]}}"#);
    desk.write("garbage.mid", b"this is not music");
    desk.write("cut.mid", b"MThd\x00\x00\x00\x06\x00\x01\x00\x02\x00\x60MTrk\x00\x00\x10\x00\x00\x90");
    image::RgbImage::from_pixel(300, 200, image::Rgb([255; 3])).save(desk.path("white.png")).unwrap();
    let whole = std::fs::read(desk.path("good.png")).unwrap();
    desk.write("half.png", &whole[..whole.len() / 2]);
    std::fs::create_dir(desk.path("no sounds")).unwrap();
    desk
}

fn refused(run: &Run, words: &[&str], told: &[&str]) {
    assert!(run.code.is_some_and(|code| code == 1 || code == 2), "{words:?}: {:?} {}", run.code, run.stderr);
    assert_eq!(run.stdout, "", "{words:?}");
    assert_eq!(run.stderr.lines().count(), 1, "{words:?}: {}", run.stderr);
    for part in told {
        assert!(run.stderr.contains(part), "{words:?}: `{part}` is not in {}", run.stderr);
    }
}

#[test]
fn drawings_that_cannot_be_read_are_named_with_their_cause() {
    let desk = desk();
    for (file, cause) in [
        ("empty.png", "empty"),
        ("garbage.png", "picture"),
        ("huge.png", "30000 is over the limit of 16384"),
        ("half.png", ""),
        ("white.png", "no ink"),
        ("no ink.neume", "no ink"),
        ("garbage.neume", "damaged"),
        ("future.neume", "version 999"),
        ("missing.png", "No such file"),
        ("bank", ""),
    ] {
        let words = ["read", file, "--json"];
        refused(&desk.run(&words), &words, &[file, cause]);
        let words = ["match", file, "--json"];
        refused(&desk.run(&words), &words, &[file, cause]);
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_plain_file_is_refused_at_once_and_what_is_piped_is_read() {
    let desk = desk();
    for pipe in ["pipe.png", "pipe.neumes", "pipe.csv", "pipe.mid", "pipe.safetensors"] {
        assert!(std::process::Command::new("mkfifo").arg(desk.path(pipe)).status().unwrap().success());
    }
    let _listener = std::os::unix::net::UnixListener::bind(desk.path("socket.png")).unwrap();
    let table: [&[&str]; 9] = [
        &["read", "pipe.png"],
        &["read", "socket.png"],
        &["read", "/dev/zero"],
        &["read", "bank"],
        &["read", "good.png", "--language", "pipe.neumes"],
        &["language", "show", "bank"],
        &["train", "sketch", "--data", "bank", "--labels", "pipe.csv"],
        &["train", "sketch", "--steps", "0", "--start", "pipe.safetensors"],
        &["render", "--sketch", "good.png", "--midi", "pipe.mid", "--out", "o.wav"],
    ];
    for words in table {
        refused(&desk.run(words), words, &["is not a file"]);
    }
    let piped = desk.run_in_shell(
        "\"$0\" read /dev/stdin --json < good.png && cat good.png | \"$0\" read /dev/stdin --json",
    );
    assert_eq!((piped.code, piped.stdout.lines().count()), (Some(0), 2), "{}", piped.stderr);
}

#[test]
fn banks_that_are_none_are_named_with_their_cause() {
    let desk = desk();
    for words in [
        &["bank", "scan", "missing"][..],
        &["bank", "list", "missing", "--json"],
        &["match", "good.png", "--bank", "missing"],
        &["render", "--sketch", "good.png", "--bank", "missing", "--notes", "60", "--out", "o.wav"],
    ] {
        refused(&desk.run(words), words, &["missing", "No such file"]);
    }
    let words = ["bank", "scan", "good.png"];
    refused(&desk.run(&words), &words, &["good.png"]);
    let words = ["match", "good.png", "--bank", "no sounds"];
    refused(&desk.run(&words), &words, &["no sounds", "no sounds"]);
}

#[test]
fn performances_that_cannot_be_rendered_leave_no_file() {
    let desk = desk();
    let with = |rest: &[&'static str]| [&["render", "--sketch", "good.png", "--bank", "bank"], rest].concat();
    for (words, told) in [
        (with(&["--midi", "garbage.mid", "--out", "o.wav"]), ["garbage.mid", "not a MIDI file"]),
        (with(&["--midi", "cut.mid", "--out", "o.wav"]), ["cut.mid", "cut short"]),
        (with(&["--midi", "missing.mid", "--out", "o.wav"]), ["missing.mid", "No such file"]),
        (with(&["--notes", "60", "--out", "no/o.wav"]), ["no/o.wav", "No such file"]),
        (with(&["--notes", "60", "--out", "bank"]), ["bank", "folder"]),
        (with(&["--notes", "200", "--out", "o.wav"]), ["--notes", "200"]),
        (with(&["--notes", "-1", "--out", "o.wav"]), ["--notes", "-1"]),
        (with(&["--out", "o.wav"]), ["--midi", "--notes"]),
        (with(&["--notes", "60", "--midi", "cut.mid", "--out", "o.wav"]), ["--midi", "--notes"]),
        (with(&["--notes", "60", "--block", "0", "--out", "o.wav"]), ["--block", "0"]),
        (with(&["--notes", "60", "--rate", "NaN", "--out", "o.wav"]), ["--rate", "NaN"]),
        (with(&["--notes", "60", "--rate", "12", "--out", "o.wav"]), ["--rate", "12"]),
        (with(&["--notes", "60", "--mode", "loud", "--out", "o.wav"]), ["--mode", "loud"]),
    ] {
        refused(&desk.run(&words), &words, &told);
        assert!(!desk.path("o.wav").exists() && !desk.path("o.wav.part").exists(), "{words:?}");
    }
}

#[test]
fn scales_that_are_none_are_refused() {
    let desk = desk();
    for scale in ["80-69", "0-128", "NaN", "69", "", "a-b", "-1-5"] {
        let words = ["read", "good.png", "--scale", scale];
        refused(&desk.run(&words), &words, &["--scale"]);
    }
}

#[test]
fn commands_that_are_none_are_refused_in_one_line() {
    let desk = desk();
    for words in [&["sing"][..], &["read"], &["bank"], &["match"], &["demo"], &["read", "good.png", "--loud"]]
    {
        refused(&desk.run(words), words, &["neume: "]);
    }
}

#[test]
#[cfg(all(unix, not(target_os = "macos")))]
fn without_a_display_the_window_says_so() {
    let desk = Desk::new();
    refused(&desk.run(&[]), &[], &["no display", "DISPLAY"]);
}

#[test]
fn signs_that_cannot_be_learned_are_named_with_their_cause() {
    let desk = desk();
    desk.write("known/bell/empty.png", b"");
    let classify = |support, query| ["sign", "classify", "--support", support, "--query", query];
    for (words, told) in [
        (classify("nowhere", "bank"), &["nowhere"][..]),
        (classify("no sounds", "bank"), &["no sounds", "no folder of a sign"]),
        (classify("bank", "nowhere"), &["bank", "no folder of a sign"]),
    ] {
        refused(&desk.run(&words), &words, told);
    }
    let words = classify("known", "bank");
    let run = desk.run(&words);
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{}", run.stderr);
    assert!(run.stderr.contains("empty.png") && run.stderr.contains("bell"), "{}", run.stderr);
}

#[test]
fn of_drawings_of_signs_that_say_nothing_or_two_things_the_file_is_named() {
    let desk = desk();
    let good = std::fs::read(desk.path("good.png")).unwrap();
    desk.drawing("asked.png", 8, 12, [0; 3]);
    let asked = std::fs::read(desk.path("asked.png")).unwrap();
    for (name, bytes) in [
        ("known/bell/1.png", &good),
        ("known/bell/2.png", &asked),
        ("known/gong/1.png", &good),
        ("asked/1.png", &asked),
        ("twins/bell/1.png", &good),
        ("twins/ bell/1.png", &asked),
    ] {
        desk.write(name, bytes);
    }
    std::fs::copy(desk.path("white.png"), desk.path("known/bell/white.png")).unwrap();
    let classify = |support| ["sign", "classify", "--support", support, "--query", "asked", "--json"];
    let run = desk.run(&classify("known"));
    let [white, twice] = run.stderr.lines().collect::<Vec<_>>()[..] else { panic!("{}", run.stderr) };
    assert!(white.contains("known/bell/white.png") && white.contains("no ink"), "{white}");
    assert!(twice.contains("known/gong/1.png") && twice.contains("counts as `gong`"), "{twice}");
    assert_eq!((run.code, run.object()["signs"][0]["sign"].as_str()), (Some(1), Some("bell")));
    let words = classify("twins");
    refused(&desk.run(&words), &words, &["twins/bell", "the same name"]);
}

#[test]
fn languages_that_are_none_are_named_with_their_cause() {
    let desk = desk();
    desk.write("garbage.neumes", b"\x00\x01 not json");
    desk.write("future.neumes", br#"{"kind":"neume language","version":999,"language":{}}"#);
    let many = vec![r#"{"name":"a"}"#; 1_000_000].join(",");
    let many = format!(r#"{{"kind":"neume language","version":1,"language":{{"signs":[{many}]}}}}"#);
    desk.write("many.neumes", many.as_bytes());
    desk.write("good.neumes", br#"{"kind":"neume language","version":1,"language":{"name":"mine"}}"#);
    for (file, cause) in [
        ("garbage.neumes", "damaged"),
        ("future.neumes", "version 999"),
        ("many.neumes", "more than 4096 signs"),
        ("missing.neumes", "No such file"),
        ("good.png", "damaged"),
    ] {
        for words in [
            &["language", "show", file][..],
            &["read", "good.png", "--language", file],
            &["language", "merge", "good.neumes", file, "--out", "out.neumes"],
            &["language", "print", file, "--out", "page.png"],
        ] {
            refused(&desk.run(words), words, &[file, cause]);
        }
    }
    let teach = |rest: &[&'static str]| [&["language", "teach", "new.neumes"], rest].concat();
    for (words, told) in [
        (teach(&["--sign", "bell", "empty.png"]), ["empty.png", "empty"]),
        (teach(&["--sign", "bell", "no ink.neume"]), ["no ink.neume", "nothing is drawn"]),
        (teach(&["--sign", "bell", "good.png", "white.png"]), ["white.png", "no ink"]),
        (teach(&["--sign", " ", "good.png"]), ["good.png", "name"]),
        (teach(&["--sign", "bell\u{1b}", "good.png"]), ["good.png", "can be shown"]),
        (teach(&["--sign", "bell", "good.png", "--pitch", "NaN"]), ["--pitch", "NaN"]),
        (teach(&["--sign", "bell", "good.png", "--family", "kazoo"]), ["--family", "kazoo"]),
        (vec!["language", "print", "good.neumes", "--out", "page.pdf"], ["page.pdf", ".svg"]),
        (vec!["language", "print", "good.neumes", "--out", "no/page.svg"], ["no/page.svg", "No such file"]),
    ] {
        refused(&desk.run(&words), &words, &told);
    }
    for name in ["new.neumes", "out.neumes", "page.png", "page.pdf"] {
        assert!(!desk.path(name).exists(), "{name}");
    }
}

#[test]
fn searches_that_cannot_be_made_are_named_with_their_cause() {
    let desk = desk();
    desk.write("garbage.wav", b"no sound");
    let table: [(&[&str], [&str; 2]); 8] = [
        (&["missing", "piano"], ["missing", "No such file"]),
        (&["bank"], ["bank", "say what to look for"]),
        (&["bank", "--", "-"], ["bank", "say what to look for"]),
        (&["bank", "--like", "gone.wav"], ["gone.wav", "nor is it a sound of bank"]),
        (&["bank", "--like", "garbage.wav"], ["garbage.wav", "format"]),
        (&["bank", "--sketch", "white.png"], ["white.png", "no ink"]),
        (&["bank", "piano", "--weights", "hue=1"], ["hue", "no aspect"]),
        (&["bank", "piano", "--weights", "pitch=loud"], ["loud", "not a weight"]),
    ];
    for (rest, told) in table {
        let words = [&["bank", "search", "--json"], rest].concat();
        refused(&desk.run(&words), &words, &told);
    }
}
