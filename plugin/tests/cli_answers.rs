//! What the commands answer: the fields that scripts rely on, and sounds that are what was asked for.

mod cli_command;

use cli_command::{Desk, midi_of};
use neume::language::{BoundSound, Language};
use neume::state::BankRef;
use neume_bank::{Bank, Source};
use neume_models::legend::note_name;
use neume_models::{RasterLayer, Sketch};
use serde_json::Value;

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn has(value: &Value, fields: &[&str]) {
    for field in fields {
        assert!(value.get(field).is_some(), "no `{field}` in {value}");
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// A desk with a black drawing at A4+3 of the scale 69-80 and three tones in `bank`.
fn studio() -> Desk {
    let desk = Desk::new();
    desk.drawing("line.png", 3, 12, [0; 3]);
    for midi in [69, 72, 76] {
        desk.tone(&format!("bank/low/tone {midi}.wav"), midi as f32);
    }
    desk
}

#[test]
fn a_reading_has_every_field_of_the_contract() {
    let desk = Desk::new();
    desk.drawing("line.png", 3, 12, [0; 3]);
    desk.drawing("blue.png", 7, 20, [40, 40, 190]);
    let answer = desk.json(&["read", "line.png", "blue.png", "--scale", "69-80"]);
    assert_eq!(keys(&answer), ["device", "readings"]);
    let readings = answer["readings"].as_array().unwrap();
    assert_eq!(readings.len(), 2);
    for reading in readings {
        has(reading, &["file", "pitch", "loudness", "timbre", "contour", "unused", "millis"]);
        let contour = reading["contour"].as_array().unwrap();
        assert!(contour.len() > 20, "a line goes from side to side");
        contour.iter().for_each(|point| has(point, &["x", "midi", "db"]));
        has(&reading["pitch"], &["midi", "note", "confidence"]);
        has(&reading["loudness"], &["db", "width_norm", "confidence"]);
        has(&reading["timbre"], &["family", "confidence", "families", "brightness", "roughness"]);
        let families = reading["timbre"]["families"].as_object().unwrap();
        assert_eq!(families.len(), 12);
        assert!((families.values().map(number).sum::<f64>() - 1.0).abs() < 1e-3);
        for confidence in ["pitch", "loudness", "timbre"].map(|aspect| number(&reading[aspect]["confidence"]))
        {
            assert!((0.0..=1.0).contains(&confidence));
        }
    }
    assert_eq!(readings[0]["file"], "line.png");
    assert_eq!(readings[0]["pitch"]["note"], "C5");
    assert!((number(&readings[0]["pitch"]["midi"]) - 72.0).abs() < 0.5);
    assert_eq!(readings[0]["timbre"]["family"], Value::Null);
    assert_eq!(readings[1]["pitch"]["note"], "E5");
    assert_eq!(readings[1]["timbre"]["family"], "string");
}

#[test]
fn text_for_people_names_what_json_names() {
    let desk = Desk::new();
    desk.drawing("line.png", 3, 12, [0; 3]);
    let run = desk.run(&["read", "line.png", "--scale", "69-80"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(run.stderr, "");
    for word in ["line.png", "pitch", "C5", "loudness", "family", "open"] {
        assert!(run.stdout.contains(word), "{word} is not in {}", run.stdout);
    }
}

#[test]
fn of_several_drawings_the_good_ones_are_read_and_the_broken_one_is_named() {
    let desk = Desk::new();
    desk.drawing("a.png", 3, 12, [0; 3]);
    desk.write("b.png", b"");
    desk.drawing("c.png", 9, 12, [0; 3]);
    let run = desk.run(&["read", "a.png", "b.png", "c.png", "--json"]);
    assert_eq!(run.code, Some(1));
    let files: Vec<String> =
        run.object()["readings"].as_array().unwrap().iter().map(|r| r["file"].to_string()).collect();
    assert_eq!(files, [r#""a.png""#, r#""c.png""#]);
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("b.png"), "{}", run.stderr);
}

#[test]
fn a_scan_counts_its_sounds_and_names_what_is_none() {
    let desk = studio();
    desk.write("bank/broken.wav", b"RIFF\xff\xff\xff\x7fWAVEfmt ");
    let answer = desk.json(&["bank", "scan", "bank"]);
    has(&answer, &["sounds", "new", "failed", "secs"]);
    assert_eq!((answer["sounds"].as_u64(), answer["new"].as_u64()), (Some(3), Some(3)));
    let failed = answer["failed"].as_array().unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["file"], "broken.wav");
    assert!(!failed[0]["cause"].as_str().unwrap().is_empty());
    let again = desk.json(&["bank", "scan", "bank"]);
    assert_eq!((again["sounds"].as_u64(), again["new"].as_u64()), (Some(3), Some(0)));
    let rebuilt = desk.json(&["bank", "scan", "bank", "--rebuild"]);
    assert_eq!(rebuilt["new"].as_u64(), Some(3));
}

#[test]
fn a_list_has_every_field_of_the_contract_and_scans_first() {
    let desk = studio();
    let answer = desk.json(&["bank", "list", "bank"]);
    let sounds = answer["sounds"].as_array().unwrap();
    let files: Vec<&str> = sounds.iter().map(|sound| sound["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["low/tone 69.wav", "low/tone 72.wav", "low/tone 76.wav"]);
    for (sound, midi) in sounds.iter().zip([69.0, 72.0, 76.0]) {
        assert!((number(&sound["root_midi"]) - midi).abs() < 0.2, "{sound}");
        for field in ["root_confidence", "loudness_db", "brightness", "roughness", "attack_secs"] {
            number(&sound[field]);
        }
        assert!((number(&sound["duration_secs"]) - 2.0).abs() < 0.05);
        assert!(sound["family"].is_string());
        assert_eq!(sound["families"].as_object().unwrap().len(), 12);
    }
}

#[test]
fn the_first_match_has_the_drawn_root_and_says_why() {
    let desk = studio();
    let answer = desk.json(&["match", "line.png", "--bank", "bank", "--scale", "69-80", "--top", "2"]);
    assert_eq!(answer["reading"]["file"], "line.png");
    let matches = answer["matches"].as_array().unwrap();
    assert_eq!(matches.len(), 2);
    assert_eq!(matches[0]["file"], "low/tone 72.wav");
    for found in matches {
        has(&found["aspects"], &["pitch", "loudness", "timbre"]);
        assert!((0.0..=1.0).contains(&number(&found["score"])));
    }
    assert!(number(&matches[0]["score"]) >= number(&matches[1]["score"]));
}

#[test]
fn an_sfz_is_scanned_played_and_written() {
    let desk = studio();
    desk.write(
        "bank/Kit.sfz",
        b"<region> key=60 pitch_keytrack=0 sample=low/tone 72.wav loop_count=9\n\
          <region> lokey=61 pitch_keycenter=60 sample=low/tone 72.wav loop_mode=one_shot\n<region> sample=gone.wav",
    );
    let answer = desk.json(&["bank", "scan", "bank"]);
    assert_eq!(answer["not_honoured"], serde_json::json!([{ "what": "sfz: loop_count", "count": 1 }]));
    assert_eq!(answer["failed"][0]["cause"], "sample gone.wav: is not there");
    for (key, heard_midi) in [("60", 72.0), ("62", 74.0)] {
        let words = ["render", "--sketch", "line.png", "--bank", "bank", "--sound", "low/tone 72"];
        let answer = desk.json(&[&words[..], &["--notes", key, "--out", "out.wav"]].concat());
        assert_eq!(answer["matched"], "low/tone 72.wav");
        let heard = midi_of(&desk.samples("out.wav")[0][4_800..14_400], 48_000.0);
        assert!((heard - heard_midi).abs() < 0.1, "key {key} sounds at {heard}");
    }
    let answer = desk.json(&["bank", "export", "bank", "--format", "sfz", "--out", "written"]);
    assert_eq!((answer["zones"].as_u64(), answer["files"].as_u64()), (Some(4), Some(5)), "{answer}");
    desk.json(&["bank", "export", "bank", "--format", "csv", "--out", "zones.csv"]);
    let again = desk.json(&["bank", "scan", "written"]);
    assert_eq!((again["sounds"].as_u64(), again["failed"].as_array().map(Vec::len)), (Some(3), Some(0)));
}

#[test]
fn without_a_bank_the_factory_bank_is_matched() {
    let desk = Desk::new();
    desk.drawing("line.png", 3, 12, [40, 40, 190]);
    let answer = desk.json(&["match", "line.png"]);
    assert_eq!(answer["matches"].as_array().unwrap().len(), 5);
}

#[test]
fn a_rendered_note_has_the_pitch_that_was_asked_for() {
    let desk = studio();
    for key in [72u8, 79, 60] {
        let notes = key.to_string();
        let words =
            ["render", "--sketch", "line.png", "--bank", "bank", "--scale", "69-80", "--out", "out.wav"];
        let answer = desk.json(&[&words[..], &["--notes", &notes]].concat());
        assert_eq!(answer["matched"], "low/tone 72.wav");
        assert_eq!(answer["frames"], 96_000);
        let [left, _] = desk.samples("out.wav");
        assert_eq!(left.len(), 96_000);
        let peak = left.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
        assert!((20.0 * peak.log10() - number(&answer["peak_db"]) as f32).abs() < 0.5);
        assert!(number(&answer["rms_db"]) < number(&answer["peak_db"]));
        let heard = midi_of(&left[14_400..24_000], 48_000.0);
        assert!((heard - f32::from(key)).abs() < 0.1, "asked for {key}, heard {heard}");
        assert!(left[95_000..].iter().all(|sample| sample.abs() < 0.01), "the tail dies away");
    }
}

#[test]
fn as_drawn_every_key_plays_the_drawn_pitch() {
    let desk = studio();
    for mode in ["drawn", "slots"] {
        let words = ["render", "--sketch", "line.png", "--bank", "bank", "--scale", "69-80", "--notes", "50"];
        desk.json(&[&words[..], &["--mode", mode, "--out", "out.wav"]].concat());
        let heard = midi_of(&desk.samples("out.wav")[0][14_400..24_000], 48_000.0);
        assert!((heard - 72.0).abs() < 0.5, "{mode}: {heard}");
    }
}

/// Two tracks: tempo and wheel on one, notes with the pedal on the other, over three channels.
fn song() -> Vec<u8> {
    let tempo = [0x00, 0xFF, 0x51, 0x03, 0x0A, 0x2C, 0x2B, 0x00, 0xFF, 0x2F, 0x00];
    let notes = [
        0x00, 0x90, 69, 100, 0x11, 0x91, 76, 80, 0x07, 0xB0, 64, 127, 0x10, 0x80, 69, 0, 0x05, 0xE1, 0x00,
        0x60, 0x20, 0x81, 76, 0, 0x13, 0xB0, 64, 0, 0x08, 0x92, 60, 127, 0x30, 0x82, 60, 0, 0x00, 0xFF, 0x2F,
        0x00,
    ];
    let mut file = b"MThd\x00\x00\x00\x06\x00\x01\x00\x02\x00\x60".to_vec();
    for track in [&tempo[..], &notes[..]] {
        file.extend(b"MTrk");
        file.extend((track.len() as u32).to_be_bytes());
        file.extend(track);
    }
    file
}

#[test]
fn the_samples_are_the_same_at_every_block_size() {
    let desk = studio();
    desk.write("song.mid", &song());
    let words =
        ["render", "--sketch", "line.png", "--bank", "bank", "--scale", "69-80", "--midi", "song.mid"];
    let mut first: Option<[Vec<f32>; 2]> = None;
    for block in ["1", "17", "64", "480", "4096"] {
        desk.json(&[&words[..], &["--block", block, "--rate", "44100", "--out", "out.wav"]].concat());
        let samples = desk.samples("out.wav");
        assert!(samples[0].iter().any(|sample| sample.abs() > 0.01), "it is not silent");
        match &first {
            None => first = Some(samples),
            Some(first) => assert!(*first == samples, "blocks of {block} give other samples"),
        }
    }
}

#[test]
fn the_demonstration_leaves_a_phrase_and_a_picture() {
    let desk = Desk::new();
    let answer = desk.json(&["demo", "--out", "demo"]);
    has(&answer, &["reading", "matches", "phrase", "picture", "sketch"]);
    let [left, _] = desk.samples("demo/phrase.wav");
    assert!(left.iter().any(|sample| sample.abs() > 0.05));
    let picture = image::open(desk.path("demo/neume.png")).unwrap();
    assert!(picture.width() >= 1200 && picture.height() >= 900);
    let again = desk.json(&["read", "demo/first.neume"]);
    assert_eq!(again["readings"][0]["pitch"], answer["reading"]["pitch"]);
}

/// A drawing of a sign: paths in a unit square, put into a corner of a pad.
fn sign(desk: &Desk, name: &str, paths: &[&[[f32; 2]]], at: [f32; 2], size: f32, width_norm: f32) {
    let strokes = paths.iter().map(|path| neume_models::Stroke {
        points: path
            .iter()
            .map(|p| neume_models::Point { x: at[0] + p[0] * size / 1.5, y: at[1] + p[1] * size, secs: 0.0 })
            .collect(),
        rgb: neume_models::Rgb::BLACK,
        width_norm,
    });
    let sketch = neume_models::Sketch { strokes: strokes.collect(), raster: None };
    let picture = neume_models::raster::paint(&sketch, 480, 320, Some(neume_models::Rgb([255; 3])));
    std::fs::create_dir_all(desk.path(name).parent().unwrap()).unwrap();
    picture.save(desk.path(name)).unwrap();
}

#[test]
fn a_drawing_gets_the_name_of_the_sign_that_it_resembles() {
    let desk = Desk::new();
    let cross: [&[[f32; 2]]; 2] = [&[[0.0, 0.0], [1.0, 1.0]], &[[0.0, 1.0], [1.0, 0.0]]];
    let stairs: [&[[f32; 2]]; 1] =
        [&[[0.0, 0.0], [0.3, 0.0], [0.3, 0.4], [0.7, 0.4], [0.7, 0.8], [1.0, 0.8]]];
    let arrow: [&[[f32; 2]]; 2] = [&[[0.0, 0.5], [1.0, 0.5]], &[[0.7, 0.8], [1.0, 0.5], [0.7, 0.2]]];
    for (name, paths) in [("cross", &cross[..]), ("stairs", &stairs[..]), ("arrow", &arrow[..])] {
        sign(&desk, &format!("known/{name}/1.png"), paths, [0.2, 0.2], 0.6, 0.02);
        sign(&desk, &format!("asked/{name}.png"), paths, [0.5, 0.4], 0.4, 0.015);
    }
    desk.write("asked/.hidden", b"no drawing");
    let answer = desk.json(&["sign", "classify", "--support", "known", "--query", "asked"]);
    assert_eq!(keys(&answer), ["device", "signs"]);
    let signs = answer["signs"].as_array().unwrap();
    assert_eq!(signs.len(), 3);
    for named in signs {
        assert_eq!(keys(named), ["file", "sign", "similarity"]);
        let file = named["file"].as_str().unwrap();
        assert!(file.ends_with(&format!("{}.png", named["sign"].as_str().unwrap())), "{named}");
        assert!(number(&named["similarity"]) > 0.5, "{named}");
    }

    desk.write("asked/broken.png", b"");
    let run = desk.run(&["sign", "classify", "--support", "known", "--query", "asked", "--json"]);
    assert_eq!(run.code, Some(1));
    assert_eq!(run.object()["signs"].as_array().unwrap().len(), 3, "the others are named");
    assert!(run.stderr.contains("broken.png") && run.stderr.lines().count() == 1, "{}", run.stderr);
}

/// A PNG of 400 x 400 px with one of three shapes in it: a cross, a gate, or a stair.
fn shape(desk: &Desk, name: &str, which: usize, [x, y]: [i32; 2], size: i32) {
    let lines: &[[i32; 4]] = match which {
        0 => &[[0, 5, 10, 5], [5, 0, 5, 10]],
        1 => &[[0, 0, 0, 10], [10, 0, 10, 10], [0, 5, 10, 5]],
        _ => &[[0, 0, 3, 0], [3, 0, 3, 4], [3, 4, 7, 4], [7, 4, 7, 10], [7, 10, 10, 10]],
    };
    let picture = image::RgbImage::from_fn(400, 400, |px, py| {
        let inked = lines.iter().any(|line| {
            let [x0, y0, x1, y1] = line.map(|v| v * size / 10);
            let (px, py) = (px as i32 - x, py as i32 - y);
            (x0 - 4..=x1 + 4).contains(&px) && (y0 - 4..=y1 + 4).contains(&py)
        });
        image::Rgb(if inked { [0; 3] } else { [255; 3] })
    });
    picture.save(desk.path(name)).unwrap();
}

#[test]
fn a_language_is_taught_read_merged_and_printed() {
    let desk = Desk::new();
    for (which, name) in ["cross", "gate", "stair"].into_iter().enumerate() {
        shape(&desk, &format!("{name}.png"), which, [60, 60], 150);
        shape(&desk, &format!("{name} elsewhere.png"), which, [200, 220], 130);
    }
    desk.json(&["language", "teach", "mine.neumes", "--sign", "bell", "cross.png", "--family", "mallet"]);
    let taught = desk.json(&["language", "teach", "mine.neumes", "--sign", "door", "gate.png"]);
    assert_eq!(keys(&taught), ["aspects", "loudness_db", "name", "palette", "scale", "signs", "width_norm"]);
    assert_eq!(taught["signs"][0]["meaning"]["family"], "mallet");
    let answer = desk.json(&[
        "read",
        "--language",
        "mine.neumes",
        "cross elsewhere.png",
        "gate elsewhere.png",
        "stair elsewhere.png",
    ]);
    let reading = |i: usize| &answer["readings"][i];
    assert_eq!(reading(0)["sign"]["name"], "bell");
    assert_eq!(reading(0)["timbre"]["family"], "mallet");
    assert_eq!(reading(1)["sign"]["name"], "door");
    assert_eq!(reading(1)["timbre"]["family"], Value::Null);
    assert_eq!(reading(2)["sign"], Value::Null, "nobody taught it");

    desk.json(&["language", "teach", "theirs.neumes", "--sign", "bell", "stair.png", "--pitch", "60"]);
    desk.json(&["language", "teach", "theirs.neumes", "--sign", "stair", "stair elsewhere.png"]);
    let merge = ["language", "merge", "mine.neumes", "theirs.neumes", "--out", "ours.neumes"];
    let merged = desk.json(&merge);
    assert_eq!((number(&merged["signs"]), merged["clashes"].as_array().unwrap().len()), (1.0, 1));
    let ours = desk.json(&["language", "show", "ours.neumes"]);
    assert_eq!(ours["signs"].as_array().unwrap().len(), 3);
    assert_eq!(ours["signs"][0]["meaning"]["pitch_midi"], Value::Null, "it is not overwritten");
    let run = desk.run(&merge);
    assert!(run.code == Some(1) && run.stderr.contains("ours.neumes: it is there already"), "{}", run.stderr);
    let merge = ["language", "merge", "mine.neumes", "theirs.neumes", "--out", "both.neumes"];
    let merged = desk.json(&[&merge[..], &["--clashes", "both"]].concat());
    assert_eq!((number(&merged["signs"]), number(&merged["examples"])), (2.0, 2.0), "what was really added");
    let again = ["language", "merge", "both.neumes", "theirs.neumes", "--out", "both.neumes"];
    let again = desk.json(&[&again[..], &["--clashes", "both"]].concat());
    assert_eq!((number(&again["signs"]), number(&again["examples"])), (0.0, 0.0), "{again}");
    let both = desk.json(&["language", "show", "both.neumes"]);
    assert_eq!(both["signs"][3]["name"], "bell (2)");

    desk.json(&["language", "print", "both.neumes", "--out", "page.svg"]);
    assert!(std::fs::read_to_string(desk.path("page.svg")).unwrap().contains("bell (2)"));
    desk.json(&["language", "print", "both.neumes", "--out", "page.png"]);
    assert_eq!(image::open(desk.path("page.png")).unwrap().width(), 2000);
}

#[test]
fn the_only_drawing_of_a_sign_goes_over_to_another_sign_which_is_said() {
    let desk = Desk::new();
    shape(&desk, "stair.png", 2, [60, 80], 60);
    shape(&desk, "gate.png", 1, [60, 80], 60);
    let teach = |sign| ["language", "teach", "mine.neumes", "--sign", sign, "stair.png"];
    desk.json(&teach("spiral"));
    let taught = desk.json(&teach("star"));
    assert_eq!(taught["forgotten"], serde_json::json!(["spiral"]));
    let answer = desk.json(&["read", "--language", "mine.neumes", "stair.png"]);
    assert_eq!(answer["readings"][0]["sign"]["name"], "star");
    desk.json(&[&teach("star")[..], &["gate.png"]].concat());
    let run = desk.run(&teach("spiral"));
    assert!(run.code == Some(0) && !run.stdout.contains("forgotten"), "star keeps the gate: {}", run.stdout);
    let run = desk.run(&["language", "teach", "mine.neumes", "--sign", "spiral", "gate.png"]);
    assert!(run.stdout.contains("forgotten  star: no drawing"), "{}", run.stdout);
}

#[test]
fn merging_asks_the_network_whether_a_sign_is_drawn_like_another_one() {
    let desk = Desk::new();
    for (name, which, size) in [("star", 1, 60), ("house", 2, 60), ("sun", 1, 75), ("hut", 2, 45)] {
        shape(&desk, &format!("{name}.png"), which, [100, 70], size);
    }
    for (file, sign) in [("ours", "star"), ("ours", "house"), ("theirs", "sun"), ("theirs", "hut")] {
        desk.json(&["language", "teach", &format!("{file}.neumes"), "--sign", sign, &format!("{sign}.png")]);
    }
    let merge = |out: &str, how: &str| {
        desk.json(&["language", "merge", "ours.neumes", "theirs.neumes", "--out", out, "--clashes", how])
    };
    let signs = |file: &str| -> Vec<String> {
        let shown = desk.json(&["language", "show", file]);
        let signs = shown["signs"].as_array().unwrap();
        signs.iter().map(|sign| sign["name"].as_str().unwrap().to_string()).collect()
    };
    let merged = merge("mine.neumes", "mine");
    let clashes = serde_json::json!(["sun is drawn like star here", "hut is drawn like house here"]);
    assert_eq!((&merged["clashes"], signs("mine.neumes")), (&clashes, signs("ours.neumes")));
    assert_eq!(merge("both.neumes", "both")["forgotten"], Value::Null);
    assert_eq!(signs("both.neumes"), ["star", "house", "sun", "hut"]);
    assert_eq!(merge("taken.neumes", "theirs")["forgotten"], serde_json::json!(["star", "house"]));
    assert_eq!(signs("taken.neumes"), ["sun", "hut"]);
}

#[test]
fn a_search_finds_sounds_by_words_by_likeness_and_by_a_drawing_each_with_its_reasons() {
    let desk = Desk::new();
    for (name, midi) in [("Flöte/Flöte C4", 60.0), ("Flöte/Flöte G4", 67.0), ("bells/Flote bell", 84.0)] {
        desk.tone(&format!("bank/{name}.wav"), midi);
    }
    desk.drawing("low.png", 0, 8, [0; 3]);
    let files = |words: &[&str]| -> Vec<String> {
        let found = desk.json(&[&["bank", "search", "bank"], words].concat());
        found["sounds"].as_array().unwrap().iter().map(|s| s["file"].as_str().unwrap().to_string()).collect()
    };
    assert_eq!(files(&["FLO"]).len(), 3);
    assert_eq!(files(&["flote", "bell"]), ["bells/Flote bell.wav"]);
    let without = desk.run(&["--json", "bank", "search", "bank", "--", "flote", "-bell"]).object();
    assert_eq!(without["sounds"].as_array().unwrap().len(), 2);
    assert_eq!(files(&["flote", "-bell", "--top", "1"]).len(), 1, "options count behind it too");
    assert_eq!(files(&["flote", "-bell", "-c4"]), ["Flöte/Flöte G4.wav"]);
    assert_eq!(files(&["nothing of this name"]).len(), 0);
    assert_eq!(files(&["--like", "Flöte/Flöte C4.wav", "--top", "1"]), ["Flöte/Flöte G4.wav"]);
    assert_eq!(files(&["--sketch", "low.png", "--scale", "67-78", "--top", "1"]), ["Flöte/Flöte G4.wav"]);
    let words = ["bank", "search", "bank", "c4", "--sketch", "low.png", "--scale", "60-71"];
    let found = desk.json(&words);
    let sound = &found["sounds"][0];
    has(sound, &["file", "score", "reasons", "root_midi", "loudness_db", "family"]);
    let says = |aspect: &str| {
        let reasons = sound["reasons"].as_array().unwrap();
        let reason = reasons.iter().find(|reason| reason["aspect"] == aspect).unwrap();
        assert!((0.0..=1.0).contains(&number(&reason["near"])), "{reason}");
        reason["says"].as_str().unwrap().to_string()
    };
    assert_eq!((says("pitch").as_str(), says("words").as_str()), ("on the note", "name: 'c4'"));
    let weighed = desk.json(&[&words[..], &["--weights", "pitch=0"]].concat());
    let reasons = weighed["sounds"][0]["reasons"].to_string();
    assert!(!reasons.contains("pitch"), "what does not count is no reason: {reasons}");
    let text = desk.run(&["bank", "search", "bank", "bell"]);
    assert!(
        text.stdout.contains("bells/Flote bell.wav") && text.stdout.contains("name: 'bell'"),
        "{}",
        text.stdout
    );
}

/// Writes a language, as the window would.
fn language(desk: &Desk, name: &str, teach: impl FnOnce(&mut Language)) {
    let mut language = Language::default();
    language.legend.scale = "69-80".parse().unwrap();
    teach(&mut language);
    desk.write(name, &language.to_file().unwrap());
}

#[test]
fn as_drawn_in_a_language_that_leaves_pitch_out_a_sound_has_its_own() {
    let desk = studio();
    language(&desk, "mine.neumes", |language| language.spoken.pitch = false);
    let words = ["render", "--sketch", "line.png", "--language", "mine.neumes", "--bank", "bank"];
    let how = ["--sound", "low/tone 76.wav", "--notes", "40", "--mode", "drawn", "--out", "out.wav"];
    desk.json(&[&words[..], &how[..]].concat());
    let [left, _] = desk.samples("out.wav");
    let midi = midi_of(&left[12_000..16_096], 48_000.0);
    assert!((midi - 76.0).abs() < 0.1, "{midi}, and 72 is drawn");
}

#[test]
fn a_sign_stands_for_its_sound_although_another_bank_is_matched() {
    let desk = studio();
    shape(&desk, "sign.png", 0, [100, 60], 60);
    let factory = Bank::factory();
    let sound = &factory.sounds[7];
    let Source::Factory { instrument, root_midi } = &sound.source else { panic!("it is made here") };
    let file = format!("{instrument} {}", note_name(i32::from(*root_midi)));
    let bound = |bank: BankRef| BoundSound {
        sound: sound.id,
        source: sound.source.clone(),
        bank,
        name: "my own".to_string(),
        instrument: None,
    };
    let taught = |name: &str, bank: BankRef| {
        let picture = RasterLayer::decode(&std::fs::read(desk.path("sign.png")).unwrap()).unwrap();
        language(&desk, name, |language| {
            let drawing = Sketch { strokes: Vec::new(), raster: Some(picture) };
            language.teach("bell", std::sync::Arc::new(drawing)).unwrap();
            language.sign_mut("bell").unwrap().meaning.sound = Some(bound(bank));
        });
    };
    taught("mine.neumes", BankRef::Factory);
    let words = ["match", "sign.png", "--bank", "bank", "--top", "2", "--language"];
    let answer = desk.json(&[&words[..], &["mine.neumes"]].concat());
    assert_eq!(answer["reading"]["sign"]["name"], "bell");
    let [first, second] = [0, 1].map(|at| answer["matches"][at].clone());
    assert_eq!((first["file"].as_str(), first["bank"].as_str()), (Some(&*file), Some("Factory")));
    assert!(second["file"].as_str().unwrap().starts_with("low/tone") && second.get("bank").is_none());
    let words_of_render =
        ["--bank", "bank", "--notes", "60", "--out", "out.wav", "--language", "mine.neumes"];
    let rendered = desk.json(&[&["render", "--sketch", "sign.png"], &words_of_render[..]].concat());
    assert_eq!(rendered["matched"], file.as_str());

    taught("lost.neumes", BankRef::Folder("nowhere".into()));
    let run = desk.run(&[&words[..], &["lost.neumes"]].concat());
    assert_eq!(run.code, Some(0));
    assert!(run.stderr.contains("my own: the sound of this sign is in no open bank"), "{}", run.stderr);
}
