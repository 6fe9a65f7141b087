//! Scans that are killed, meet each other, or find the disk full: the real command on real folders.
#![cfg(unix)]

mod cli_command;

use std::path::PathBuf;

use cli_command::Desk;

fn desk(notes: std::ops::Range<u8>) -> Desk {
    let desk = Desk::new();
    for midi in notes {
        desk.tone(&format!("bank/tone {midi}.wav"), f32::from(midi));
    }
    desk
}

/// The file of the cache whose name ends so, once it is there.
fn kept(desk: &Desk, ending: &str) -> Option<PathBuf> {
    let mut folders = vec![desk.path("home")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).ok()?.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                return Some(path);
            }
        }
    }
    None
}

#[test]
fn a_scan_that_is_killed_loses_no_label_that_was_made() {
    let desk = desk(30..60);
    let mut child = desk.start(&["bank", "scan", "bank"]);
    let lines = |path: &PathBuf| {
        let text = std::fs::read(path).unwrap_or_default();
        text.iter().filter(|&&byte| byte == b'\n').count()
    };
    while kept(&desk, ".journal").is_none_or(|journal| lines(&journal) < 3) {
        assert!(child.try_wait().unwrap().is_none(), "the scan ended before it could be killed");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let made = lines(&kept(&desk, ".journal").unwrap());
    assert!((3..30).contains(&made), "{made}");
    let answer = desk.json(&["bank", "scan", "bank"]);
    assert_eq!((&answer["sounds"], &answer["new"]), (&30.into(), &(30 - made).into()));
    assert_eq!(desk.json(&["bank", "scan", "bank"])["new"], 0);
}

#[test]
fn two_commands_that_scan_at_once_end_with_the_same_bank() {
    let desk = desk(50..60);
    let both = [(); 2].map(|()| desk.start(&["bank", "scan", "bank", "--json"]));
    for child in both {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&answer["sounds"], &answer["index"]), (&10.into(), &serde_json::Value::Null));
    }
    assert_eq!(desk.json(&["bank", "scan", "bank"])["new"], 0);
    assert_eq!(desk.json(&["bank", "list", "bank"])["sounds"].as_array().unwrap().len(), 10);
}

#[test]
fn a_full_disk_is_said_and_the_old_index_stays() {
    let desk = desk(50..53);
    desk.json(&["bank", "scan", "bank"]);
    let index = kept(&desk, ".index").unwrap();
    let before = std::fs::read(&index).unwrap();
    for midi in 60..64 {
        desk.tone(&format!("bank/tone {midi}.wav"), midi as f32);
    }
    // Files may not grow past a block, as on a disk that has no more: writing fails, and nothing ends the process.
    let run = desk.run_in_shell("trap '' XFSZ; ulimit -f 1; exec \"$0\" bank scan bank --json");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let answer = run.object();
    assert_eq!((&answer["sounds"], &answer["new"]), (&7.into(), &4.into()));
    assert!(answer["index"].as_str().unwrap().contains(".index"), "{answer}");
    assert!(run.stderr.contains(".index"), "{}", run.stderr);
    assert_eq!(std::fs::read(&index).unwrap(), before);
    assert_eq!(kept(&desk, ".tmp"), None, "nothing half-written stays");
    assert_eq!(desk.json(&["bank", "scan", "bank"])["sounds"], 7);
}

#[test]
fn a_root_in_doubt_is_listed_and_decided() {
    let desk = Desk::new();
    desk.tone("bank/Lute A4.wav", 64.0);
    desk.tone("bank/Lute C4.wav", 60.0);
    let sounds = |words: &[&str]| desk.json(words)["sounds"].as_array().unwrap().clone();
    let near = |value: &serde_json::Value, midi: f64| (value.as_f64().unwrap() - midi).abs() < 0.1;
    let in_doubt = || desk.json(&["bank", "scan", "bank"])["roots_in_doubt"].clone();
    assert_eq!(in_doubt(), 1);
    let listed = sounds(&["bank", "list", "bank"]);
    assert!(near(&listed[0]["root_doubt"]["heard_midi"], 64.0), "{}", listed[0]);
    assert!(listed[1]["root_doubt"].is_null() && listed[1]["course"]["noisiness"].is_number());
    let doubted = sounds(&["bank", "root", "bank"]);
    assert_eq!((doubted.len(), &doubted[0]["file"]), (1, &"Lute A4.wav".into()));
    assert!(near(&doubted[0]["told_midi"], 69.0) && near(&doubted[0]["root_midi"], 69.0));
    let decided = sounds(&["bank", "root", "bank", "--from", "ear"]);
    assert!(near(&decided[0]["root_midi"], 64.0) && decided[0]["told_midi"].is_null());
    assert!(sounds(&["bank", "root", "bank"]).is_empty());
    assert_eq!(in_doubt(), 0);
    let decided = sounds(&["bank", "root", "bank", "Lute C4.wav", "--from", "48.5"]);
    assert!(near(&decided[0]["root_midi"], 48.5));
    let run = desk.run(&["bank", "root", "bank", "gone.wav", "--from", "ear"]);
    assert!(run.code == Some(1) && run.stderr.contains("gone.wav"), "{}", run.stderr);
    assert_eq!(desk.run(&["bank", "root", "bank", "--from", "nobody"]).code, Some(2));
}
