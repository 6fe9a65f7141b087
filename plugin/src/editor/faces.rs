//! Letters that the window's own fonts lack: faces of the system that have them, and a box for those that no face has.
//!
//! Faces are looked for on a thread of their own, once in a process for each letter. Until then the box stands there.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use ab_glyph::{Font as _, FontRef};
use egui::epaint::text::{
    FallbackRequest, FontInsert, FontPriority, FontProvider, GlyphBitmap, GlyphRasterizer, InsertFontFamily,
    RasterizedGlyph,
};
use egui::{Color32, ColorImage, Context, FontData, vec2};
use fontdb::{Database, FaceInfo, Style};
use parking_lot::Mutex;

/// A face that has a letter.
#[derive(Clone)]
struct Face {
    name: String,
    bytes: Arc<Vec<u8>>,
    index: u32,
}

/// What was asked for and found, for all windows of the process.
#[derive(Default)]
struct Search {
    /// `None` where no face has the letter.
    found: HashMap<char, Option<Face>>,
    asked: Vec<char>,
    is_running: bool,
    thread: Option<JoinHandle<()>>,
}

static SEARCH: Mutex<Option<Search>> = Mutex::new(None);
/// Counts the answers of the search, so that windows see without a lock whether there is something new.
static ANSWERS: AtomicUsize = AtomicUsize::new(0);
/// Set while a window waits for the end of the search.
static STOPS: AtomicBool = AtomicBool::new(false);

/// Lets a context ask for the faces of the system, and draw a box where there is none.
pub fn install(ctx: &Context) {
    ctx.set_font_providers(vec![Arc::new(OfSystem)]);
    ctx.add_glyph_rasterizer(GlyphRasterizer::new("neume::missing_letter", |request| {
        Some(missing(request.font_size_px))
    }));
}

/// Takes what was found since `seen` into a context; call it once in each frame.
pub fn follow(ctx: &Context, seen: &mut usize) {
    let answers = ANSWERS.load(Ordering::Acquire);
    if *seen != answers {
        *seen = answers;
        // A context asks once for each letter, unless it is given its providers anew.
        ctx.set_font_providers(vec![Arc::new(OfSystem)]);
    }
}

/// A window closes: the host may unload the library right after it, so no thread of ours may go on. Other windows ask again.
pub fn stop() {
    let Some(thread) = SEARCH.lock().as_mut().and_then(|search| search.thread.take()) else { return };
    STOPS.store(true, Ordering::Relaxed);
    // A search that panicked has found nothing more.
    thread.join().ok();
    STOPS.store(false, Ordering::Relaxed);
    if let Some(search) = SEARCH.lock().as_mut() {
        search.is_running = false;
        search.asked.clear();
    }
    ANSWERS.fetch_add(1, Ordering::Release);
}

struct OfSystem;

impl FontProvider for OfSystem {
    fn font_for(&self, request: &FallbackRequest<'_>) -> Option<FontInsert> {
        let face = ask(request.cluster.chars().next()?)?;
        let family = InsertFontFamily { family: request.family.clone(), priority: FontPriority::Lowest };
        Some(FontInsert::new(&face.name, FontData::from_blob(face.bytes, face.index), vec![family]))
    }
}

/// The face for a letter if it is known; otherwise it is looked for.
fn ask(letter: char) -> Option<Face> {
    let mut guard = SEARCH.lock();
    let search = guard.get_or_insert_default();
    if let Some(found) = search.found.get(&letter) {
        return found.clone();
    }
    search.asked.push(letter);
    if !search.is_running {
        if let Some(last) = search.thread.take() {
            // It has nothing more to do than to end.
            last.join().ok();
        }
        // Where there is no thread for it, the box stays.
        search.thread = std::thread::Builder::new().name("neume faces".to_string()).spawn(answer_all).ok();
        search.is_running = search.thread.is_some();
    }
    None
}

/// Answers until nothing is asked any more.
fn answer_all() {
    neume_bank::priority::stand_back();
    let mut database = Database::new();
    database.load_system_fonts();
    loop {
        let letters = {
            let mut guard = SEARCH.lock();
            let search = guard.get_or_insert_default();
            if search.asked.is_empty() || STOPS.load(Ordering::Relaxed) {
                search.is_running = false;
                return;
            }
            std::mem::take(&mut search.asked)
        };
        for letter in letters {
            let known = SEARCH.lock().as_ref().and_then(|search| known_face(search, letter));
            let face = known.or_else(|| face_for(&database, letter));
            if STOPS.load(Ordering::Relaxed) {
                break;
            }
            SEARCH.lock().get_or_insert_default().found.insert(letter, face);
        }
        ANSWERS.fetch_add(1, Ordering::Release);
    }
}

/// A face that was found for another letter and has this one too.
fn known_face(search: &Search, letter: char) -> Option<Face> {
    search.found.values().flatten().find(|face| draws(&face.bytes, face.index, letter)).cloned()
}

/// The plainest face that draws a letter.
fn face_for(database: &Database, letter: char) -> Option<Face> {
    let mut faces: Vec<&FaceInfo> = database.faces().collect();
    faces.sort_by_key(|face| (plainness(face), face.post_script_name.clone(), face.index));
    faces.into_iter().take_while(|_| !STOPS.load(Ordering::Relaxed)).find_map(|face| {
        let bytes = database.with_face_data(face.id, |bytes, index| {
            draws(bytes, index, letter).then(|| Arc::new(bytes.to_vec()))
        });
        let name = format!("{} {}", face.post_script_name, face.index);
        Some(Face { name, bytes: bytes.flatten()?, index: face.index })
    })
}

/// How far a face is from plain text, least first.
fn plainness(face: &FaceInfo) -> (bool, bool, bool, u16) {
    let has = |word: &str| face.families.iter().any(|(name, _)| name.contains(word));
    let is_book = ["Serif", "Mincho", "Ming", "Song", "Batang"].into_iter().any(has);
    (face.style != Style::Normal, face.monospaced, is_book, face.weight.0.abs_diff(400))
}

fn draws(bytes: &[u8], index: u32, letter: char) -> bool {
    let Ok(font) = FontRef::try_from_slice_and_index(bytes, index) else { return false };
    let glyph = font.glyph_id(letter);
    // Faces of coloured pictures have the letter and no outline.
    glyph.0 != 0 && font.outline(glyph).is_some()
}

/// A box as wide as a letter.
fn missing(size_px: f32) -> RasterizedGlyph {
    let (width, height) = ((0.5 * size_px).round().max(3.0), (0.72 * size_px).round().max(4.0));
    let edge = (size_px / 14.0).round().max(1.0) as usize;
    let size = [width as usize, height as usize];
    let is_edge = |at: usize, of: usize| at < edge || at + edge >= of;
    let pixels = (0..size[0] * size[1]).map(|i| {
        let inked = is_edge(i % size[0], size[0]) || is_edge(i / size[0], size[1]);
        if inked { Color32::WHITE } else { Color32::TRANSPARENT }
    });
    let image = ColorImage::new(size, pixels.collect());
    let offset_px = vec2((0.06 * size_px).round(), -height);
    let bitmap = GlyphBitmap { image, offset_px, is_color: false };
    RasterizedGlyph { bitmap, advance_px: (0.62 * size_px).round() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_drawn_by_the_plainest_face_that_has_it_or_by_none() {
        let mut database = Database::new();
        for bytes in [
            &include_bytes!("../../assets/fonts/Inter-SemiBold.otf")[..],
            &include_bytes!("../../assets/fonts/NeumeDynamics.otf")[..],
            &include_bytes!("../../assets/fonts/NeumeSigns.ttf")[..],
            &include_bytes!("../../assets/fonts/Inter-Regular.otf")[..],
        ] {
            database.load_font_data(bytes.to_vec());
        }
        let name = |letter| face_for(&database, letter).map(|face| face.name);
        assert_eq!(name('ф').as_deref(), Some("Inter-Regular 0"));
        assert_eq!(name('♯').as_deref(), Some("NeumeSigns-Regular 0"));
        assert_eq!(name('収'), None);
    }

    #[test]
    fn a_letter_that_no_face_has_is_a_box_that_is_seen() {
        let glyph = missing(13.0);
        let inked = glyph.bitmap.image.pixels.iter().filter(|pixel| pixel.a() > 0).count();
        assert!(inked > 20 && inked < glyph.bitmap.image.pixels.len() && glyph.advance_px >= 8.0);
    }
}
