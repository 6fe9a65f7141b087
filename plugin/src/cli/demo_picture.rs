//! The one picture of the demonstration: the sketch with its rows and its reading, the matches with their reasons,
//! and the phrase as a waveform and a spectrogram.

use std::path::Path;

use anyhow::Result;
use neume::figures::fixed;
use neume_bank::{Bank, Match};
use neume_models::legend::{note_and_cents, note_name};
use neume_models::{Family, Reading, Scale, Sketch, raster};

use super::canvas::{Align, Area, Canvas, Ink, Type};
use super::overview::Overview;
use super::plot::{ACCENT, Axis, DIM, Frame, GRID, LABEL, PAPER, ROW, TEXT, TITLE, WINDOW, heat};
use super::report::{file_of, root_text};

/// What the picture shows.
pub struct Scene<'a> {
    /// What the sketch is called.
    pub title: &'a str,
    /// The drawing.
    pub sketch: &'a Sketch,
    /// Its rows.
    pub scale: Scale,
    /// What the networks see in it.
    pub reading: &'a Reading,
    /// Where the matches come from.
    pub bank: &'a Bank,
    /// Best first.
    pub matches: &'a [Match],
    /// The phrase, both channels mixed.
    pub mono: &'a [f32],
    /// Its frames per second.
    pub rate_hz: u32,
}

const WIDTH_PX: u32 = 1600;
const HEIGHT_PX: u32 = 1270;
const PAD: Area = Area { x: 112.0, y: 128.0, w: 630.0, h: 420.0 };
const MATCHES: Area = Area { x: 830.0, y: 128.0, w: 722.0, h: 420.0 };
const WAVE: Area = Area { x: 112.0, y: 660.0, w: 1340.0, h: 170.0 };
const SPECTRUM: Area = Area { x: 112.0, y: 914.0, w: 1340.0, h: 300.0 };
const RANGE_DB: f32 = 90.0;

const STRONG: Type = Type { size_px: 20.0, strong: true, ink: TEXT };
const PLAIN: Type = Type { size_px: 19.0, strong: false, ink: TEXT };
const SMALL: Type = Type { size_px: 16.0, strong: false, ink: DIM };

/// Draws the picture and writes it as PNG.
///
/// # Errors
/// Names the file and the cause.
pub fn write(scene: &Scene<'_>, path: &Path) -> Result<()> {
    let mut canvas = Canvas::new(WIDTH_PX, HEIGHT_PX, WINDOW);
    canvas.text(
        (48.0, 60.0),
        Align::Left,
        Type { size_px: 34.0, strong: true, ink: TEXT },
        900.0,
        scene.title,
    );
    draw_pad(&mut canvas, scene);
    draw_reading(&mut canvas, scene.reading);
    draw_matches(&mut canvas, scene);
    let columns = [WAVE.w as usize, SPECTRUM.w as usize];
    let overview = Overview::of(scene.mono, scene.rate_hz, columns);
    draw_wave(&mut canvas, scene, &overview);
    draw_spectrum(&mut canvas, scene, &overview);
    canvas.write_png(path)
}

fn draw_pad(canvas: &mut Canvas, scene: &Scene<'_>) {
    let y_px = |midi: f32| PAD.bottom() - scene.scale.y_of(midi) * PAD.h;
    canvas.text((PAD.x, PAD.y - 16.0), Align::Left, TITLE, PAD.w, "The sketch");
    canvas.fill(PAD, 0.0, PAPER);
    for note in scene.scale.low_midi()..=scene.scale.high_midi() {
        let (top, bottom) = (y_px(f32::from(note) + 0.5), y_px(f32::from(note) - 0.5));
        if matches!(note % 12, 1 | 3 | 6 | 8 | 10) {
            canvas.fill(Area { y: top, h: bottom - top, ..PAD }, 0.0, ROW);
        }
        if note % 12 == 0 {
            canvas.line(&[(PAD.x, bottom), (PAD.right(), bottom)], 1.0, GRID);
        }
        if matches!(note % 12, 0 | 7) && (note % 12 == 0 || scene.scale.rows() <= 60) {
            let baseline = y_px(f32::from(note)) + 6.0;
            canvas.text((PAD.x - 12.0, baseline), Align::Right, SMALL, 60.0, &note_name(i32::from(note)));
        }
    }
    let ink = raster::paint(scene.sketch, PAD.w as u32, PAD.h as u32, None);
    canvas.picture(&ink, PAD.x as i32, PAD.y as i32);
    let at = y_px(scene.reading.pitch.midi).clamp(PAD.y, PAD.bottom());
    canvas.dashed(&[(PAD.x, at), (PAD.right(), at)], 2.0, 5.0, ACCENT);
    let text = note_and_cents(scene.reading.pitch.midi);
    let style = Type { size_px: 18.0, strong: true, ink: PAPER };
    let width = canvas.text_width(&text, style) + 24.0;
    let label = Area { x: PAD.right() - width - 8.0, y: (at - 36.0).max(PAD.y + 4.0), w: width, h: 28.0 };
    canvas.fill(label, 14.0, ACCENT);
    canvas.text((label.x + 12.0, label.y + 20.5), Align::Left, style, width, &text);
}

/// One row of what was read, under the pad and the matches.
fn draw_reading(canvas: &mut Canvas, reading: &Reading) {
    let sure = |confidence: f32| format!("{:.0} % sure", 100.0 * confidence);
    let timbre = &reading.timbre;
    let cells = [
        ("pitch", note_and_cents(reading.pitch.midi), sure(reading.pitch.confidence)),
        (
            "loudness",
            format!("{} dB", fixed(reading.loudness.db, 0)).replace('-', "−"),
            sure(reading.loudness.confidence),
        ),
        ("family", timbre.family.map_or("open", Family::label).to_string(), sure(timbre.confidence)),
        ("brightness", format!("{:.2}", timbre.brightness), "of 1".to_string()),
        ("roughness", format!("{:.2}", timbre.roughness), "of 1".to_string()),
    ];
    let step = 1440.0 / cells.len() as f32;
    for (i, (name, value, note)) in cells.iter().enumerate() {
        let x = 112.0 + i as f32 * step;
        let end = x + canvas.text((x, 594.0), Align::Left, SMALL, step, name);
        let end = end + 10.0 + canvas.text((end + 10.0, 594.0), Align::Left, STRONG, step, value);
        canvas.text((end + 10.0, 594.0), Align::Left, SMALL, step, note);
    }
}

fn draw_matches(canvas: &mut Canvas, scene: &Scene<'_>) {
    let title = format!("The sounds that fit, of {} in {}", scene.bank.sounds.len(), scene.bank.name);
    canvas.text((MATCHES.x, MATCHES.y - 16.0), Align::Left, TITLE, MATCHES.w, &title);
    canvas.fill(MATCHES, 12.0, Ink::hex(0xF4F0E8));
    let columns = [("pitch", 1.0), ("loudness", 2.0), ("timbre", 3.0)];
    let bars = |column: f32| MATCHES.right() - 118.0 * (4.0 - column) - 72.0;
    for (name, column) in columns {
        canvas.text((bars(column), MATCHES.y + 34.0), Align::Left, SMALL, 100.0, name);
    }
    canvas.text((MATCHES.right() - 24.0, MATCHES.y + 34.0), Align::Right, SMALL, 60.0, "score");
    for (row, Match { sound, score, aspects, .. }) in scene.matches.iter().take(5).enumerate() {
        let Some(sound) = scene.bank.get(*sound) else { continue };
        let y = MATCHES.y + 58.0 + row as f32 * 70.0;
        let best = row == 0;
        if row > 0 {
            canvas.line(&[(MATCHES.x + 24.0, y - 4.0), (MATCHES.right() - 24.0, y - 4.0)], 1.0, GRID);
        }
        let style = if best { STRONG } else { PLAIN };
        canvas.text((MATCHES.x + 24.0, y + 26.0), Align::Left, style, 262.0, &file_of(sound));
        let family = sound.profile.families.best().0.label();
        let about = format!("root {} · {family}", root_text(sound.profile.root_midi));
        canvas.text((MATCHES.x + 24.0, y + 48.0), Align::Left, SMALL, 262.0, &about);
        for ((_, column), share) in columns.into_iter().zip([aspects.pitch, aspects.loudness, aspects.timbre])
        {
            let ground = Area { x: bars(column), y: y + 28.0, w: 96.0, h: 8.0 };
            canvas.fill(ground, 4.0, Ink::hex(0xD8D1C3));
            let filled = Area { w: ground.w * share.clamp(0.0, 1.0), ..ground };
            canvas.fill(filled, 4.0, if best { ACCENT } else { DIM });
        }
        let score = format!("{:.0}", 100.0 * score);
        canvas.text((MATCHES.right() - 24.0, y + 39.0), Align::Right, style, 60.0, &score);
    }
}

fn secs(scene: &Scene<'_>) -> f32 {
    (scene.mono.len() as f32 / scene.rate_hz as f32).max(0.01)
}

fn draw_wave(canvas: &mut Canvas, scene: &Scene<'_>, overview: &Overview) {
    let columns = overview.waveform();
    let peak = columns.iter().fold(0.05f32, |peak, &(low, high)| peak.max(high).max(-low));
    let most = (peak * 20.0).ceil() / 20.0;
    let frame = Frame {
        area: WAVE,
        x: Axis::Linear(0.0, secs(scene)),
        y: Axis::Linear(-most, most),
        title: "The phrase",
        x_label: "seconds",
        y_label: "",
    };
    frame.draw_ground(canvas);
    let upper = columns.iter().enumerate().map(|(i, &(_, high))| (WAVE.x + i as f32, frame.y_px(high) - 0.5));
    let lower = columns.iter().enumerate().map(|(i, &(low, _))| (WAVE.x + i as f32, frame.y_px(low) + 0.5));
    let outline: Vec<(f32, f32)> = upper.chain(lower.rev()).collect();
    canvas.polygon(&outline, ACCENT);
    frame.draw_labels(canvas);
}

fn draw_spectrum(canvas: &mut Canvas, scene: &Scene<'_>, overview: &Overview) {
    let frame = Frame {
        area: SPECTRUM,
        x: Axis::Linear(0.0, secs(scene)),
        y: Axis::Log(50.0, 16_000.0),
        title: "Its spectrogram",
        x_label: "seconds",
        y_label: "Hz",
    };
    let picture = overview.spectrogram(frame.y, RANGE_DB, SPECTRUM.h as u32, heat);
    canvas.picture(&picture, SPECTRUM.x as i32, SPECTRUM.y as i32);
    frame.draw_labels(canvas);
    draw_key(canvas);
}

/// What the colours of the spectrogram mean.
fn draw_key(canvas: &mut Canvas) {
    let key = Area { x: SPECTRUM.right() + 24.0, w: 16.0, ..SPECTRUM };
    for row in 0..key.h as u32 {
        let level = 1.0 - row as f32 / key.h;
        canvas.fill(Area { y: key.y + row as f32, h: 1.0, ..key }, 0.0, heat(level));
    }
    for db in [0.0, -30.0, -60.0, -90.0f32] {
        let y = key.y + key.h * -db / RANGE_DB;
        let text = format!("{} dB", fixed(db, 0)).replace('-', "−");
        canvas.text((key.right() + 8.0, y + 6.0), Align::Left, LABEL, 90.0, &text);
    }
}
