//! A furnished instance: drawings in the slots, a reading, matches, held keys, as the other threads would leave it.

use std::f32::consts::TAU;
use std::sync::Arc;

use neume::editor::{Ink, Theme};
use neume::handoff::{
    BankView, DecidedView, DoubtView, EngineFrame, FoundView, Generation, MatchView, ScanProgress,
    SearchAsked, SearchView, SlotView, Title, View,
};
use neume::language::Meaning;
use neume::signs::{Likeness, Recognised};
use neume::state::BankRef;
use neume_bank::{Aspects, Decision, Doubt, SoundId};
use neume_models::{
    ContourPoint, Embedding, Families, Family, Loudness, Pitch, Point, RasterLayer, Reading, Sketch, Stroke,
    Timbre,
};

use super::window::Bench;

/// The id under which a sound of the scene goes.
pub fn sound_id(name: &str) -> SoundId {
    SoundId::of(name.as_bytes())
}

/// What a sound of the scene is called: those of numbers by their instrument.
pub fn title(name: &str) -> Title {
    let (large, small) = name.split_once(" / ").unwrap_or((name, ""));
    Title { large: large.to_string(), small: small.to_string() }
}

fn stroke(family: Option<Family>, width_norm: f32, path: impl Fn(f32) -> (f32, f32)) -> Stroke {
    let points = (0..=96)
        .map(|i| i as f32 / 96.0)
        .map(|t| {
            let (x, y) = path(t);
            Point { x, y, secs: t }
        })
        .collect();
    let ink = Ink { family, step: Ink::usual_step(family) };
    Stroke { points, rgb: ink.rgb(&Family::ALL), width_norm }
}

fn sketch(strokes: Vec<Stroke>) -> Arc<Sketch> {
    Arc::new(Sketch { strokes, raster: None })
}

fn zigzag(family: Family, y: f32) -> Arc<Sketch> {
    let corner = move |i: usize| (0.15 + 0.1 * i as f32, y + if i.is_multiple_of(2) { -0.12 } else { 0.12 });
    let path = move |t: f32| {
        let at = t * 6.0;
        let i = (at as usize).min(5);
        let ((x0, y0), (x1, y1)) = (corner(i), corner(i + 1));
        (x0 + (x1 - x0) * (at - i as f32), y0 + (y1 - y0) * (at - i as f32))
    };
    sketch(vec![stroke(Some(family), 0.03, path)])
}

fn wave(family: Family, y: f32, width_norm: f32) -> Arc<Sketch> {
    sketch(vec![stroke(Some(family), width_norm, move |t| (0.12 + 0.76 * t, y + 0.06 * (t * TAU).sin()))])
}

fn spiral(family: Family) -> Arc<Sketch> {
    let path = |t: f32| (0.5 + 0.2 * t * (t * 3.0 * TAU).cos(), 0.5 + 0.3 * t * (t * 3.0 * TAU).sin());
    sketch(vec![stroke(Some(family), 0.035, path)])
}

fn dots(family: Family, y: f32) -> Arc<Sketch> {
    let dot = |i: usize| {
        let mut dot = stroke(Some(family), 0.05 + 0.01 * (i % 3) as f32, |_| (0.0, 0.0));
        let y = y + 0.09 * (i as f32 * 1.9).sin();
        dot.points = vec![Point { x: 0.18 + 0.14 * i as f32, y, secs: 0.0 }];
        dot
    };
    sketch((0..5).map(dot).collect())
}

/// A long bowed line, 0..1 from its left to its right end.
fn vespers_line(t: f32) -> (f32, f32) {
    let swell = 0.055 * (-((t - 0.56) / 0.2).powi(2)).exp();
    (0.07 + 0.87 * t, 0.548 + swell + 0.012 * (t * 5.0).sin() - 0.035 * t * t)
}

/// The line with mallet strokes under it.
fn vespers() -> Arc<Sketch> {
    let mut strokes = vec![stroke(Some(Family::String), 0.034, vespers_line)];
    for i in 0..7 {
        let (x, y) = (0.125 + 0.11 * i as f32, if i % 2 == 0 { 0.24 } else { 0.256 });
        let mut short = stroke(Some(Family::Mallet), 0.008, |_| (0.0, 0.0));
        short.points = vec![Point { x, y, secs: 0.0 }, Point { x: x + 0.036, y, secs: 0.2 }];
        strokes.push(short);
    }
    sketch(strokes)
}

fn overview(seed: u32, decay: f32) -> Vec<u8> {
    let mut noise = seed;
    (0..96)
        .map(|i| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let t = i as f32 / 96.0;
            let level = (t * 14.0).min(1.0) * ((-decay * t).exp() * 0.85 + 0.15);
            (level * (0.8 + 0.2 * (noise >> 24) as f32 / 255.0) * 255.0) as u8
        })
        .collect()
}

struct Told(&'static str, Family, f32, f32, f32, [f32; 4]);

/// A match whose sound several instruments share.
pub const SHARED: &str = "Bowed psaltery";

fn match_view(told: Told) -> MatchView {
    let Told(name, family, root, loudness_db, decay, [score, pitch, loudness, timbre]) = told;
    MatchView {
        sound: sound_id(name),
        instrument: (name == SHARED).then(|| format!("{name}, solo")),
        name: name.to_string(),
        title: title(name),
        family,
        families: Families::only(family),
        root_midi: Some(root),
        doubt: None,
        loudness_db,
        duration_secs: 4.2,
        looped: true,
        overview: overview(name.len() as u32 * 77, decay),
        score,
        aspects: Aspects { pitch, loudness, timbre },
    }
}

fn reading() -> Reading {
    let mut families = [0.06 / 11.0; Family::COUNT];
    families[Family::String.index()] = 0.94;
    Reading {
        pitch: Pitch { y_norm: 0.553, midi: 62.08, confidence: 0.97 },
        loudness: Loudness { db: -14.0, width_norm: 0.034, confidence: 0.9 },
        timbre: Timbre {
            family: Some(Family::String),
            confidence: 0.94,
            families: Families(families),
            brightness: 0.45,
            roughness: 0.1,
        },
        contour: (0..334).map(|i| 0.07 + 0.87 * i as f32 / 334.0).map(contour_point).collect(),
        embedding: Embedding::from_raw(&[1.0; Embedding::LEN]),
    }
}

fn contour_point(x_norm: f32) -> ContourPoint {
    let (_, y_norm) = vespers_line((x_norm - 0.07) / 0.87);
    ContourPoint { x_norm, y_norm, midi: 36.0 + 48.0 * y_norm - 0.5, db: -14.0 }
}

/// A furnished instance that shows slot 3.
pub fn bench(theme: Theme) -> Bench {
    let mut bench = Bench::new(theme);
    let drawings = [
        zigzag(Family::Brass, 0.45),
        wave(Family::Mallet, 0.45, 0.08),
        vespers(),
        dots(Family::Guitar, 0.7),
        dots(Family::String, 0.65),
        zigzag(Family::Reed, 0.6),
        wave(Family::Flute, 0.66, 0.02),
        dots(Family::Percussion, 0.4),
        wave(Family::Keyboard, 0.45, 0.09),
        spiral(Family::Bass),
        wave(Family::SynthLead, 0.42, 0.06),
    ];
    bench.editor.document.edit(|document| {
        for (slot, drawing) in document.slots.iter_mut().zip(drawings) {
            slot.sketch = drawing;
        }
        document.slots[2].name = "Vespers, third drawing".to_string();
    });
    bench.controls.slot = 2;
    let matches: Arc<[MatchView]> = [
        Told("Cello, sul tasto", Family::String, 62.0, -14.0, 1.6, [0.95, 0.98, 0.91, 0.94]),
        Told("Viola ensemble", Family::String, 60.0, -16.0, 2.4, [0.89, 0.92, 0.84, 0.9]),
        Told("Bowed psaltery", Family::String, 62.0, -19.0, 3.4, [0.84, 0.98, 0.71, 0.78]),
        Told("Harmonium, soft", Family::Organ, 62.0, -12.0, 0.6, [0.77, 0.98, 0.88, 0.51]),
        Told("French horn / 063_1", Family::Brass, 63.0, -15.0, 2.8, [0.71, 0.81, 0.9, 0.52]),
        Told("Low whistle, breathy", Family::Flute, 64.0, -15.0, 2.8, [0.68, 0.81, 0.9, 0.47]),
        Told("Choir aah", Family::Vocal, 60.0, -17.0, 1.2, [0.61, 0.7, 0.8, 0.4]),
        Told("Singing bowl", Family::Mallet, 54.0, -20.0, 4.0, [0.55, 0.4, 0.7, 0.6]),
    ]
    .map(match_view)
    .into();
    let mut view = View {
        bank: BankView {
            name: "Factory".to_string(),
            sounds: 192,
            by_family: [20, 16, 12, 20, 16, 20, 16, 8, 20, 12, 16, 16],
            ..Default::default()
        },
        ..Default::default()
    };
    view.slots[2] = SlotView {
        generation: Generation(7),
        reading: Some(Ok(reading())),
        chosen: Some(matches[0].sound),
        matches,
        millis: 6.0,
        ..Default::default()
    };
    bench.publish(view);
    bench.engine.frames.write(frame());
    bench
}

/// The same with a language of five signs, the drawing taken for one of them.
pub fn spoken(theme: Theme) -> Bench {
    let bench = bench(theme);
    let told: [(&str, Arc<Sketch>, Meaning); 5] = [
        ("long bow", vespers(), Meaning { family: Some(Family::String), ..Meaning::default() }),
        ("temple bell", spiral(Family::Mallet), Meaning { pitch_midi: Some(62.0), ..Meaning::default() }),
        ("rain", dots(Family::Guitar, 0.5), Meaning::default()),
        ("saw", zigzag(Family::Brass, 0.5), Meaning { roughness: Some(0.9), ..Meaning::default() }),
        (
            "breath",
            wave(Family::Flute, 0.5, 0.05),
            Meaning { loudness_db: Some(-27.0), ..Meaning::default() },
        ),
    ];
    bench.editor.document.edit(|document| {
        document.language.name = "Vespers".to_string();
        for (name, drawing, meaning) in told {
            document.language.teach(name, drawing).unwrap();
            document.language.sign_mut(name).unwrap().meaning = meaning;
        }
        document.language.teach("long bow", wave(Family::String, 0.6, 0.03)).unwrap();
    });
    let mut view = View::clone(&bench.editor.view.lock());
    let likely = [("long bow", 0.86), ("breath", 0.61), ("rain", 0.22), ("saw", 0.04)]
        .map(|(name, similarity)| Likeness { name: name.to_string(), similarity });
    view.slots[2].recognised = Recognised { likely: likely.into(), is_sign: true };
    bench.publish(view);
    bench
}

/// The same with the view Bank open and sounds found by words, likeness and drawing.
pub fn searched(theme: Theme) -> Bench {
    let mut bench = bench(theme);
    bench.state.tab = neume::editor::Tab::Bank;
    let mut view = View::clone(&bench.editor.view.lock());
    let told: [(&str, Family, f32, &[&str]); 7] = [
        (
            "Cello, sul tasto",
            Family::String,
            0.96,
            &["on the note", "as loud", "family string 0.94", "name: 'sul'"],
        ),
        ("Viola ensemble", Family::String, 0.91, &["2 semitones below", "3 dB louder", "92 % alike"]),
        ("Bowed psaltery", Family::String, 0.84, &["88 % alike", "a little brighter", "tag: 'sustained'"]),
        ("Harmonium, soft", Family::Organ, 0.77, &["a semitone above", "6 dB softer", "darker"]),
        ("Low whistle, breathy", Family::Flute, 0.71, &["an octave above", "71 % alike", "shorter"]),
        ("Singing bowl, rubbed with a wooden mallet", Family::Mallet, 0.66, &["40 cents below", "longer"]),
        ("Choir aah", Family::Vocal, 0.58, &["3 semitones below", "folder: 'summer'"]),
    ];
    let found = told.map(|(name, family, score, reasons)| FoundView {
        sound: sound_id(name),
        instrument: None,
        name: name.to_string(),
        title: title(name),
        family,
        root_midi: Some(62.0),
        doubt: (name == "Bowed psaltery").then_some(Doubt { told_midi: 62.0, heard_midi: 50.1 }),
        overview: overview(name.len() as u32 * 77, 2.0),
        score,
        reasons: reasons.iter().map(|reason| reason.to_string()).collect(),
    });
    view.search = SearchView {
        asked: SearchAsked { words: "s".to_string(), drawn: Some(2), ..SearchAsked::default() },
        like: None,
        found: found.into(),
        unknown: Vec::new(),
    };
    bench.publish(view);
    bench
}

/// The same with a folder in which sounds are called by other notes than they sound, the chosen one among them.
pub fn doubtful(theme: Theme) -> Bench {
    let bench = bench(theme);
    let mut view = View::clone(&bench.editor.view.lock());
    let told = [
        ("Cello, sul tasto", 62.0, 50.0),
        ("Bowed psaltery", 62.0, 69.2),
        ("Singing bowl, rubbed with a wooden mallet, long", 54.0, 60.9),
        ("Organ pipe 8'", 36.0, 48.0),
    ];
    let doubts = told.map(|(name, told_midi, heard_midi)| DoubtView {
        sound: sound_id(name),
        title: title(name),
        doubt: Doubt { told_midi, heard_midi },
    });
    let doubt_of = |sound| doubts.iter().find(|of| of.sound == sound).map(|of| of.doubt);
    let marked = |shown: &MatchView| MatchView { doubt: doubt_of(shown.sound), ..shown.clone() };
    view.slots[2].matches = view.slots[2].matches.iter().map(marked).collect();
    let was = DoubtView {
        sound: sound_id("Harmonium, soft"),
        title: title("Harmonium, soft"),
        doubt: Doubt { told_midi: 62.0, heard_midi: 74.0 },
    };
    view.bank = BankView {
        name: "my sounds".to_string(),
        sounds: 1437,
        by_family: [210, 188, 12, 96, 301, 77, 142, 9, 344, 1, 35, 22],
        decided: Some(DecidedView { was, decision: Decision::Ear }),
        failed: vec![("/music/my sounds/take 03.wav".into(), "the file is empty".to_string())].into(),
        doubts: doubts.into(),
        ..BankView::default()
    };
    bench.publish(view);
    bench.editor.document.edit(|document| document.bank = BankRef::Folder("/music/my sounds".into()));
    bench
}

fn frame() -> EngineFrame {
    let mut frame = EngineFrame { voices: 7, slot: 2, load: 0.34, peak: [0.4, 0.33], ..Default::default() };
    frame.keys = (1 << 60) | (1 << 64) | (1 << 67);
    for (i, sample) in frame.scope.iter_mut().enumerate() {
        let t = i as f32 / 170.0 * TAU;
        *sample = 0.3 * t.sin() + 0.12 * (2.0 * t + 0.4).sin() + 0.06 * (5.0 * t).sin();
    }
    frame
}

/// The same with an unsure reading, a picture under the strokes, a sound that is gone, a scan and a failure.
pub fn troubled(theme: Theme) -> Bench {
    let bench = bench(theme);
    let mut view = View::clone(&bench.editor.view.lock());
    if let Some(Ok(reading)) = &mut view.slots[2].reading {
        reading.pitch.confidence = 0.42;
        reading.timbre.confidence = 0.31;
    }
    view.slots[2].missing = Some("Glass harmonica in the empty hall".to_string());
    let broken = |i: usize| {
        (format!("/music/field/take {i:02}.wav").into(), "the file ends in the middle of a chunk".to_string())
    };
    view.bank = BankView {
        name: "field recordings".to_string(),
        sounds: 1204,
        scanning: Some(ScanProgress { done: 1230, total: 3120 }),
        failed: (1..30).map(broken).collect(),
        by_family: [22, 41, 0, 310, 96, 18, 37, 402, 120, 4, 53, 101],
        ..BankView::default()
    };
    view.notice = Some("/music/field/take 03.wav: the file ends in the middle of a chunk".to_string());
    bench.publish(view);
    bench.editor.document.edit(|document| {
        document.bank = BankRef::Folder("/music/field recordings".into());
        let sketch = Arc::make_mut(&mut document.slots[2].sketch);
        sketch.raster = Some(photograph());
    });
    bench
}

/// Ink on paper as a scanner gives it: a dark curve on a pale ground with soft shade.
fn photograph() -> RasterLayer {
    let (width_px, height_px) = (300, 200);
    let mut rgba = Vec::new();
    for row in 0..height_px {
        for column in 0..width_px {
            let (x, y) = (column as f32 / width_px as f32, 1.0 - row as f32 / height_px as f32);
            let off = (y - 0.75 - 0.08 * (x * 9.0).sin()).abs();
            let paper = 236.0 - 18.0 * x;
            let level = if off < 0.012 { 40.0 } else { paper } as u8;
            rgba.extend([level, level, (f32::from(level) * 0.96) as u8, 255]);
        }
    }
    RasterLayer { width_px, height_px, rgba: rgba.into() }
}
