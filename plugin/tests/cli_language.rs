//! `neume language` changes a language as the window does, and never more than it was asked for.

mod cli_command;

use cli_command::Desk;
use serde_json::{Value, json};

/// A `.neume` file of a line from the left edge to the right one, from this height to that.
fn line(desk: &Desk, name: &str, from: f32, to: f32) {
    let point = |x: f32, y: f32| json!({ "x": x, "y": y, "secs": x });
    let stroke =
        json!({ "points": [point(0.1, from), point(0.9, to)], "rgb": [0, 0, 0], "width_norm": 0.02 });
    let file = json!({ "kind": "neume sketch", "version": 1, "sketch": { "strokes": [stroke] } });
    desk.write(name, &serde_json::to_vec(&file).unwrap());
}

/// A desk with three drawings, and a language in which two of them are a bell and one is the wind.
fn desk() -> Desk {
    let desk = Desk::new();
    for (name, from, to) in [("up.neume", 0.2, 0.8), ("down.neume", 0.8, 0.2), ("flat.neume", 0.5, 0.5)] {
        line(&desk, name, from, to);
    }
    let bell = ["language", "teach", "mine.neumes", "--sign", "bell", "up.neume", "down.neume"];
    desk.json(&[&bell[..], &["--pitch", "60", "--family", "mallet", "--roughness", "0.5"]].concat());
    desk.json(&["language", "teach", "mine.neumes", "--sign", "wind", "flat.neume"]);
    desk
}

fn names(language: &Value) -> Vec<&str> {
    language["signs"].as_array().unwrap().iter().map(|sign| sign["name"].as_str().unwrap()).collect()
}

#[test]
fn signs_are_renamed_unbound_and_forgotten() {
    let desk = desk();
    let change = |words: &[&str]| desk.json(&[&["language"], words].concat());
    let renamed = change(&["rename", "mine.neumes", "--sign", "bell", "--to", " temple bell "]);
    assert_eq!(names(&renamed), ["temple bell", "wind"]);
    let unbound =
        change(&["unbind", "mine.neumes", "--sign", "temple bell", "--pitch", "--family", "--sound"]);
    assert_eq!(unbound["signs"][0]["meaning"], json!({ "roughness": 0.5 }));
    let forgotten = change(&["forget", "mine.neumes", "--sign", "temple bell", "--example", "1"]);
    assert_eq!((&forgotten["signs"][0]["examples"], &forgotten["forgotten"]), (&json!(1), &Value::Null));
    line(&desk, "down again.neume", 0.8, 0.2);
    let again = change(&["teach", "mine.neumes", "--sign", "temple bell", "down again.neume"]);
    assert_eq!(again["signs"][0]["examples"], 1, "it was the first that went: {again}");
    let forgotten = change(&["forget", "mine.neumes", "--sign", "temple bell"]);
    assert_eq!((names(&forgotten), &forgotten["forgotten"]), (vec!["wind"], &json!(["temple bell"])));
    assert_eq!(change(&["rename", "mine.neumes", "--to", "Vespers"])["name"], "Vespers");
    assert_eq!(
        change(&["show", "mine.neumes"]),
        json!({
            "name": "Vespers",
            "scale": "36-83",
            "width_norm": [0.0025, 0.075],
            "loudness_db": [-36.0, 0.0],
            "palette": ["brass", "reed", "synth_lead", "guitar", "keyboard", "mallet", "flute", "vocal", "string", "organ",
                "bass", "percussion"],
            "aspects": ["pitch", "loudness", "family", "brightness", "roughness"],
            "signs": [{ "name": "wind", "examples": 1, "meaning": {} }],
        })
    );
}

#[test]
fn rows_hues_and_aspects_are_said() {
    let desk = desk();
    let legend = ["language", "legend", "mine.neumes"];
    let what =
        ["--scale", "69-80", "--hue", "240=brass", "--hue", "30=bass", "--aspects", "pitch, brightness"];
    let said = desk.json(&[&legend[..], &what].concat());
    assert_eq!((&said["scale"], &said["aspects"]), (&json!("69-80"), &json!(["pitch", "brightness"])));
    let families = said["palette"].as_array().unwrap();
    assert_eq!([0, 1, 8, 10].map(|hue| families[hue].as_str().unwrap()), ["string", "bass", "brass", "reed"]);
    let said = desk.json(&[&legend[..], &["--aspects", "nothing"]].concat());
    assert_eq!((&said["scale"], &said["aspects"]), (&json!("69-80"), &json!([])), "the rest stays");
    let shown = desk.run(&["language", "show", "mine.neumes"]).stdout;
    for words in ["A4 to G#5, 12 of them", "0 string, 30 bass", "aspects    nothing"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[test]
fn a_sign_gets_a_meaning_without_a_drawing_and_a_drawing_is_said_to_be_no_sign() {
    let desk = desk();
    let teach = ["language", "teach", "mine.neumes"];
    let sound = ["--sign", "wind", "--loudness", "-12", "--sound", "Harpsichord, two choirs C5"];
    let taught = desk.json(&[&teach[..], &sound].concat());
    let wind = &taught["signs"][1];
    assert_eq!((&wind["examples"], &wind["meaning"]["loudness_db"]), (&json!(1), &json!(-12.0)));
    assert_eq!(wind["meaning"]["sound"]["bank"], "factory");
    let matched = desk.json(&["match", "flat.neume", "--language", "mine.neumes", "--top", "1"]);
    assert_eq!(matched["matches"][0]["file"], "Harpsichord, two choirs C5", "{matched}");
    let none = desk.json(&[&teach[..], &["--no-sign", "flat.neume"]].concat());
    assert_eq!((names(&none), &none["forgotten"]), (vec!["bell"], &json!(["wind"])));
}

#[test]
fn the_curve_from_thickness_to_loudness_is_said_and_drawings_are_read_by_it() {
    let desk = desk();
    let db = |words: &[&str]| {
        let read = desk.json(&[&["read", "flat.neume"], words].concat());
        read["readings"][0]["loudness"]["db"].as_f64().unwrap()
    };
    let by_language = ["--language", "mine.neumes"];
    let before = db(&by_language);
    assert!((before - db(&[])).abs() < 1e-3, "{before} dB before anything is said");
    let legend = ["language", "legend", "mine.neumes", "--widths", "0.01, 0.05", "--loudness", "-20,-2.5"];
    let said = desk.json(&legend);
    assert_eq!((&said["width_norm"], &said["loudness_db"]), (&json!([0.01, 0.05]), &json!([-20.0, -2.5])));
    let now = db(&by_language);
    assert!((-20.0..=-2.5).contains(&now) && (now - before).abs() > 0.5, "{now} dB, {before} dB before");
    let said = desk.json(&["language", "legend", "mine.neumes", "--loudness", "-50,0"]);
    assert_eq!(said["width_norm"], json!([0.01, 0.05]), "the rest stays");
    let shown = desk.run(&["language", "show", "mine.neumes"]).stdout;
    assert!(shown.contains("-50 dB at 0.01 of the pad's height, to 0 dB at 0.05"), "{shown}");
}

#[test]
fn what_cannot_be_changed_is_named_and_nothing_is_written() {
    let desk = desk();
    desk.write("other.neumes", b"somebody's");
    let before = std::fs::read(desk.path("mine.neumes")).unwrap();
    let long = "x".repeat(81);
    let table: [(&[&str], &[&str]); 28] = [
        (&["forget", "mine.neumes", "--sign", "gong"], &["mine.neumes", "no sign `gong`"]),
        (&["forget", "mine.neumes", "--sign", "bell", "--example", "3"], &["mine.neumes", "no example 3"]),
        (&["forget", "mine.neumes", "--sign", "bell", "--example", "0"], &["--example", "0"]),
        (&["forget", "mine.neumes", "--sign", "wind", "--example", "1"], &["wind", "this drawing alone"]),
        (&["forget", "mine.neumes"], &["--sign"]),
        (&["forget", "gone.neumes", "--sign", "bell"], &["gone.neumes", "No such file"]),
        (
            &["rename", "mine.neumes", "--sign", "bell", "--to", "wind"],
            &["mine.neumes", "wind: another sign"],
        ),
        (&["rename", "mine.neumes", "--sign", "gong", "--to", "bell"], &["mine.neumes", "no sign `gong`"]),
        (&["rename", "mine.neumes", "--sign", "bell", "--to", " "], &["mine.neumes", "needs a name"]),
        (&["rename", "mine.neumes", "--to", &long], &["--to", "80 characters"]),
        (&["rename", "mine.neumes", "--to", "a\u{1b}b"], &["--to", "can be shown"]),
        (&["unbind", "mine.neumes", "--sign", "bell"], &["--pitch", "--sound"]),
        (&["unbind", "mine.neumes", "--sign", "gong", "--pitch"], &["mine.neumes", "no sign `gong`"]),
        (&["legend", "mine.neumes"], &["--scale", "--hue", "--aspects"]),
        (&["legend", "mine.neumes", "--scale", "80-69"], &["--scale", "80-69"]),
        (&["legend", "mine.neumes", "--hue", "15=brass"], &["--hue", "330 degrees"]),
        (&["legend", "mine.neumes", "--hue", "30=kazoo"], &["--hue", "brass, reed"]),
        (&["legend", "mine.neumes", "--aspects", "pitch,hue"], &["--aspects", "`hue` is none of"]),
        (&["legend", "mine.neumes", "--widths", "0.05,0.01"], &["--widths", "the thinner one first"]),
        (&["legend", "mine.neumes", "--widths", "0,0.01"], &["--widths", "above 0"]),
        (&["legend", "mine.neumes", "--widths", "nan,2"], &["--widths", "like 0.0025,0.075"]),
        (&["legend", "mine.neumes", "--loudness", "0,-36"], &["--loudness", "the softer one first"]),
        (&["legend", "mine.neumes", "--loudness", "-36,12"], &["--loudness", "-96..0"]),
        (
            &["legend", "mine.neumes", "--scale", "69-80", "--out", "other.neumes"],
            &["other.neumes", "already"],
        ),
        (&["teach", "mine.neumes", "--sign", "gong"], &["mine.neumes", "needs a drawing"]),
        (
            &["teach", "mine.neumes", "--sign", "bell", "--sound", "xylorimba 9"],
            &["xylorimba", "no such sound"],
        ),
        (&["teach", "mine.neumes", "--no-sign", "up.neume", "--pitch", "60"], &["--no-sign", "--pitch"]),
        (&["teach", "mine.neumes", "--sign", "bell", "up.neume", "--out", "other.neumes"], &["other.neumes"]),
    ];
    for (words, told) in table {
        let run = desk.run(&[&["language", "--json"], words].concat());
        assert!(matches!(run.code, Some(1 | 2)) && run.stdout.is_empty(), "{words:?}: {}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{words:?}: {}", run.stderr);
        for part in told {
            assert!(run.stderr.contains(part), "{words:?}: `{part}` is not in {}", run.stderr);
        }
        assert!(std::fs::read(desk.path("mine.neumes")).unwrap() == before, "{words:?}");
    }
    assert_eq!(std::fs::read(desk.path("other.neumes")).unwrap(), b"somebody's");
    let words =
        ["language", "rename", "mine.neumes", "--sign", "bell", "--to", "gong", "--out", "new.neumes"];
    assert_eq!(names(&desk.json(&words)), ["gong", "wind"]);
    assert!(std::fs::read(desk.path("mine.neumes")).unwrap() == before, "the result is in a new file");
    assert_eq!(names(&desk.json(&["language", "show", "new.neumes"])), ["gong", "wind"]);
}

#[test]
fn what_several_commands_teach_at_once_is_all_kept() {
    let desk = desk();
    let names: Vec<String> = (0..8).map(|i| format!("sign {i}")).collect();
    let teach = |(i, name): (usize, &String)| {
        let drawing = format!("{name}.neume");
        line(&desk, &drawing, 0.1, 0.2 + 0.08 * i as f32);
        desk.start(&["language", "teach", "mine.neumes", "--sign", name, &drawing])
    };
    let children: Vec<_> = names.iter().enumerate().map(teach).collect();
    children.into_iter().for_each(|mut child| assert!(child.wait().unwrap().success()));
    let shown = desk.json(&["language", "show", "mine.neumes"]);
    assert_eq!(shown["signs"].as_array().unwrap().len(), 8 + 2, "{shown}");
}

#[test]
fn aspects_that_a_language_leaves_out_are_marked_as_not_used_when_it_is_read() {
    let desk = desk();
    desk.json(&["language", "legend", "mine.neumes", "--aspects", "brightness"]);
    line(&desk, "steep.neume", 0.1, 0.95);
    let read =
        |drawing: &str| desk.json(&["read", drawing, "--language", "mine.neumes"])["readings"][0].take();
    assert_eq!(read("flat.neume")["unused"], json!(["pitch", "loudness", "family", "roughness"]));
    let bell = read("up.neume");
    assert_eq!((&bell["sign"]["name"], &bell["timbre"]["family"]), (&json!("bell"), &json!("mallet")));
    assert_eq!(bell["unused"], json!(["pitch", "loudness", "roughness"]), "a sign's family counts");
    let text = desk.run(&["read", "up.neume", "--language", "mine.neumes"]).stdout;
    assert!(text.contains("\n  pitch      not used\n") && text.contains("\n  family     mallet"), "{text}");
    assert_eq!(text.matches("not used").count(), 3, "{text}");
    let legend = desk.json(&["match", "up.neume", "--top", "1"]);
    assert_eq!((&legend["reading"]["unused"], &legend["device"]), (&json!([]), &json!("CPU")));
}

#[test]
fn what_clashes_is_told_in_a_sentence_and_in_its_parts() {
    let desk = desk();
    desk.json(&["language", "teach", "theirs.neumes", "--sign", "wind", "down.neume", "--pitch", "72"]);
    desk.json(&["language", "teach", "theirs.neumes", "--sign", "gong", "up.neume", "--loudness", "-0.2"]);
    desk.json(&["language", "legend", "theirs.neumes", "--scale", "69-80"]);
    let merged = desk.json(&["language", "merge", "mine.neumes", "theirs.neumes", "--out", "ours.neumes"]);
    let sentences =
        ["scale, palette or curves differ", "wind means something else there", "gong is another sign here"];
    assert_eq!(merged["clashes"], json!(sentences));
    assert_eq!(
        merged["clash_details"],
        json!([
            { "kind": "legend", "sign": null, "mine": "C2 to B5", "theirs": "A4 to G#5", "sentence": sentences[0] },
            { "kind": "meaning", "sign": "wind", "mine": "read by the legend", "theirs": "C5", "sentence": sentences[1] },
            {
                "kind": "drawings",
                "sign": "gong",
                "mine": "bell: C4 · mallet · rough 50",
                "theirs": "gong: fff",
                "sentence": sentences[2]
            },
        ])
    );
    line(&desk, "steep.neume", 0.1, 0.95);
    desk.json(&["language", "teach", "one.neumes", "--sign", "wind", "steep.neume"]);
    let told = desk.run(&["language", "merge", "mine.neumes", "one.neumes", "--out", "more.neumes"]).stdout;
    assert!(told.starts_with("0 new signs, 1 new example\n"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_language_behind_a_link_is_changed_where_it_lies() {
    use std::os::unix::fs::symlink;
    let desk = desk();
    std::fs::create_dir(desk.path("far")).unwrap();
    std::fs::rename(desk.path("mine.neumes"), desk.path("far/mine.neumes")).unwrap();
    symlink("far/mine.neumes", desk.path("mine.neumes")).unwrap();
    symlink("far/new.neumes", desk.path("new.neumes")).unwrap();
    symlink("gone/new.neumes", desk.path("lost.neumes")).unwrap();
    desk.json(&["language", "rename", "mine.neumes", "--sign", "bell", "--to", "gong"]);
    desk.json(&["language", "teach", "new.neumes", "--sign", "bell", "up.neume"]);
    assert_eq!(names(&desk.json(&["language", "show", "far/mine.neumes"])), ["gong", "wind"]);
    assert_eq!(names(&desk.json(&["language", "show", "far/new.neumes"])), ["bell"]);
    assert!(desk.path("mine.neumes").is_symlink() && desk.path("new.neumes").is_symlink());
    let lost = desk.run(&["language", "teach", "lost.neumes", "--sign", "bell", "up.neume"]);
    assert_eq!(lost.code, Some(1));
    assert!(
        lost.stderr.contains("lost.neumes: it is a link to gone/new.neumes: No such file"),
        "{}",
        lost.stderr
    );
}

#[test]
fn names_that_would_turn_the_line_round_are_written_out() {
    let desk = desk();
    let name = "gnp.\u{202e}lleb\u{200b}";
    desk.json(&["language", "rename", "mine.neumes", "--sign", "bell", "--to", name]);
    let told = [
        desk.run(&["language", "show", "mine.neumes"]).stdout,
        desk.run(&["language", "forget", "mine.neumes", "--sign", name, "--example", "9"]).stderr,
        desk.run(&["read", "up.neume", "--language", "mine.neumes"]).stdout,
    ];
    for told in told {
        assert!(told.contains(r"gnp.\u{202e}lleb\u{200b}") && !told.contains('\u{202e}'), "{told}");
    }
    assert_eq!(
        names(&desk.json(&["language", "show", "mine.neumes"])),
        [name, "wind"],
        "scripts get the name"
    );
}
