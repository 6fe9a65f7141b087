//! Files and folders: dialogs, reading and writing on a thread of their own that outlives the instance where the dialog
//! does, and one line for what went wrong.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TryRecvError, bounded};
use neume_models::{RasterLayer, Rgb, Sketch, raster};
use rfd::FileDialog;

use super::editing::Editing;
use super::{bank_view, notice, pad, signs_view};
use crate::handoff::Request;
use crate::language::Language;
use crate::pin::pin;
use crate::{disk, picture};

/// What the composer wants of a file or a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// A drawing from a `.neume` file.
    Open,
    /// The drawing into a `.neume` file.
    Save,
    /// A picture under the strokes.
    Import,
    /// The drawing as a PNG.
    Export,
    /// The signs of a language.
    ImportLanguage,
    /// The language into a file.
    ExportLanguage,
    /// The language as a page.
    PrintLanguage,
    /// A folder to match against.
    Bank,
    /// A folder in which missing sounds lie now.
    Relink,
}

/// What came of it.
enum Outcome {
    Drawing {
        slot: usize,
        sketch: Sketch,
        name: String,
    },
    Picture {
        slot: usize,
        layer: RasterLayer,
    },
    Language(Box<Language>),
    Bank(PathBuf),
    Relink(PathBuf),
    /// Written to this file.
    Written(PathBuf),
    /// The composer thought better of it.
    Cancelled,
    Failed(String),
}

/// The dialog or file that is under way, at most one.
#[derive(Default)]
pub struct Files {
    under_way: Option<Receiver<Outcome>>,
}

impl Files {
    /// Whether a dialog is open or a file is being read or written.
    pub fn busy(&self) -> bool {
        self.under_way.is_some()
    }
}

/// Largest picture file that is read, in bytes.
const MAX_PICTURE_BYTES: u64 = 256 << 20;
/// Shortest time in which somebody can see a dialog and close it.
const LEAST_SEEN: Duration = Duration::from_millis(200);
/// Height of an exported picture.
const EXPORT_HEIGHT_PX: u32 = 1200;

/// Opens the dialog for a wish; nothing happens while another one is open.
pub fn ask(editing: &mut Editing, wish: Wish, ctx: &egui::Context) {
    pad::end_gesture(editing);
    let (slot, sketch) = (editing.now.slot, editing.sketch());
    let name = editing.now.document.slots.get(slot).map(|slot| slot.name.trim().to_string());
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| format!("slot {}", slot + 1));
    let language = editing.now.document.language.clone();
    let title = Some(language.name.trim().to_string()).filter(|name| !name.is_empty());
    let title = title.unwrap_or_else(|| "language".to_string());
    start(editing, ctx, move || {
        let since = Instant::now();
        let Some(path) = picked(wish, &name, &title) else { return unpicked(since.elapsed()) };
        match wish {
            Wish::Open => open(slot, &path),
            Wish::Save => save(&with_extension(path, "neume"), &sketch),
            Wish::Import => import(slot, &path),
            Wish::Export => export(&with_extension(path, "png"), &sketch),
            Wish::ImportLanguage => import_language(&path),
            Wish::ExportLanguage => export_language(&with_extension(path, Language::EXTENSION), &language),
            Wish::PrintLanguage => print_language(path, &language),
            Wish::Bank => Ok(Outcome::Bank(path)),
            Wish::Relink => Ok(Outcome::Relink(path)),
        }
    });
}

/// The file or folder that the composer chose in the dialog for a wish.
fn picked(wish: Wish, name: &str, title: &str) -> Option<PathBuf> {
    let language = || dialog("Neume language", &[Language::EXTENSION]);
    match wish {
        Wish::Open => dialog("Neume drawing", &["neume"]).pick_file(),
        Wish::Save => dialog("Neume drawing", &["neume"]).set_file_name(format!("{name}.neume")).save_file(),
        Wish::Import => dialog("Picture", &PICTURES).pick_file(),
        Wish::Export => dialog("PNG picture", &["png"]).set_file_name(format!("{name}.png")).save_file(),
        Wish::ImportLanguage => language().pick_file(),
        Wish::ExportLanguage => {
            language().set_file_name(format!("{title}.{}", Language::EXTENSION)).save_file()
        }
        Wish::PrintLanguage => {
            let dialog = dialog("SVG page", &["svg"]).add_filter("PNG picture", &["png"]);
            dialog.set_file_name(format!("{title}.svg")).save_file()
        }
        Wish::Bank | Wish::Relink => FileDialog::new().pick_folder(),
    }
}

/// Nothing was chosen. A dialog that nobody can have seen was none: the desktop has no way to show one.
fn unpicked(after: Duration) -> Result<Outcome, String> {
    match cfg!(target_os = "linux") && after < LEAST_SEEN {
        true => Err("no file dialog opens here: a desktop portal or zenity is needed".to_string()),
        false => Ok(Outcome::Cancelled),
    }
}

const PICTURES: [&str; 10] = ["png", "jpg", "jpeg", "svg", "bmp", "gif", "webp", "tif", "tiff", "neume"];

fn dialog(name: &str, extensions: &[&str]) -> FileDialog {
    FileDialog::new().add_filter(name, extensions)
}

/// Takes what was dropped on the window: a folder is a bank, a `.neume` file a drawing, a `.neumes` file a
/// language, anything else a picture.
pub(super) fn take_dropped(editing: &mut Editing, ctx: &egui::Context) {
    let Some(dropped) = ctx.input_mut(|input| input.raw.dropped_files.pop()) else { return };
    let (slot, path) = (editing.now.slot, dropped.path().to_path_buf());
    start(editing, ctx, move || if path.is_dir() { Ok(Outcome::Bank(path)) } else { import(slot, &path) });
}

fn start(
    editing: &mut Editing,
    ctx: &egui::Context,
    work: impl FnOnce() -> Result<Outcome, String> + Send + 'static,
) {
    if editing.state.files.busy() {
        return;
    }
    let (send, receive) = bounded(1);
    let ctx = ctx.clone();
    // Nobody can wait for the end of this thread: the composer may leave the dialog open.
    pin();
    let thread = std::thread::Builder::new().name("neume files".to_string()).spawn(move || {
        let outcome = work().unwrap_or_else(Outcome::Failed);
        // The window may have closed meanwhile: then nobody wants the outcome.
        send.send(outcome).ok();
        ctx.request_repaint();
    });
    match thread {
        Ok(_) => editing.state.files.under_way = Some(receive),
        Err(cause) => editing.state.failure = Some(format!("no thread for the dialog: {cause}")),
    }
}

/// Takes what came of the last wish, if it is there.
pub(super) fn take_outcome(editing: &mut Editing) {
    let Some(receiver) = &editing.state.files.under_way else { return };
    let outcome = match receiver.try_recv() {
        Ok(outcome) => outcome,
        Err(TryRecvError::Empty) => return,
        Err(TryRecvError::Disconnected) => {
            Outcome::Failed("the file dialog ended without an answer".to_string())
        }
    };
    editing.state.files.under_way = None;
    if !matches!(outcome, Outcome::Cancelled) {
        editing.state.failure = None;
    }
    match outcome {
        Outcome::Cancelled => {}
        Outcome::Written(path) => notice::say(editing, format!("{}: saved", path.display())),
        Outcome::Failed(cause) => editing.state.failure = Some(cause),
        Outcome::Bank(folder) => bank_view::open_folder(editing, folder),
        Outcome::Language(language) => signs_view::merge(editing, &language),
        Outcome::Relink(folder) => editing.end.requests.send(Request::Relink(folder)),
        Outcome::Picture { slot, layer } => {
            let mut sketch = Sketch::clone(&editing.sketch_of(slot));
            sketch.raster = Some(layer);
            editing.step_to(slot, sketch);
        }
        Outcome::Drawing { slot, sketch, name } => {
            editing.end.document.edit(|document| {
                if let Some(slot) = document.slots.get_mut(slot) {
                    slot.name = name;
                }
            });
            editing.step_to(slot, sketch);
        }
    }
}

fn named<E: std::fmt::Display>(path: &Path) -> impl Fn(E) -> String + '_ {
    move |cause| format!("{}: {cause}", path.display())
}

fn with_extension(path: PathBuf, extension: &str) -> PathBuf {
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case(extension)) {
        return path;
    }
    let mut name = path.into_os_string();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

fn open(slot: usize, path: &Path) -> Result<Outcome, String> {
    let sketch = Sketch::from_file(&disk::read(path, Sketch::MAX_FILE_BYTES)?).map_err(named(path))?;
    let name = path.file_stem().map_or(String::new(), |stem| stem.to_string_lossy().into_owned());
    Ok(Outcome::Drawing { slot, sketch, name })
}

fn import(slot: usize, path: &Path) -> Result<Outcome, String> {
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("neume")) {
        return open(slot, path);
    }
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case(Language::EXTENSION)) {
        return import_language(path);
    }
    let layer = picture::decode(&disk::read(path, MAX_PICTURE_BYTES)?).map_err(named(path))?;
    Ok(Outcome::Picture { slot, layer })
}

fn import_language(path: &Path) -> Result<Outcome, String> {
    let bytes = disk::read(path, Language::MAX_FILE_BYTES)?;
    Ok(Outcome::Language(Box::new(Language::from_file(&bytes).map_err(named(path))?)))
}

fn export_language(path: &Path, language: &Language) -> Result<Outcome, String> {
    disk::replace(path, &language.to_file().map_err(named(path))?)?;
    Ok(Outcome::Written(path.to_path_buf()))
}

fn print_language(path: PathBuf, language: &Language) -> Result<Outcome, String> {
    let is_png = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("png"));
    let path = if is_png { path } else { with_extension(path, "svg") };
    let bytes =
        if is_png { language.to_png().map_err(named(&path))? } else { language.to_svg().into_bytes() };
    disk::replace(&path, &bytes)?;
    Ok(Outcome::Written(path))
}

fn save(path: &Path, sketch: &Sketch) -> Result<Outcome, String> {
    disk::replace(path, &sketch.to_file().map_err(named(path))?)?;
    Ok(Outcome::Written(path.to_path_buf()))
}

fn export(path: &Path, sketch: &Sketch) -> Result<Outcome, String> {
    let width = (EXPORT_HEIGHT_PX as f32 * neume_models::sketch::PAD_ASPECT) as u32;
    let picture = raster::paint(sketch, width, EXPORT_HEIGHT_PX, Some(Rgb([255, 255, 255])));
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).map_err(named(path))?;
    disk::replace(path, &png.into_inner())?;
    Ok(Outcome::Written(path.to_path_buf()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use neume_models::{Point, Stroke};

    fn drawing() -> Sketch {
        let points = vec![Point { x: 0.2, y: 0.5, secs: 0.0 }, Point { x: 0.8, y: 0.5, secs: 1.0 }];
        Sketch { strokes: vec![Stroke { points, rgb: Rgb([40, 40, 200]), width_norm: 0.05 }], raster: None }
    }

    #[test]
    fn a_drawing_that_was_saved_is_opened_under_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = with_extension(folder.path().join("vespers"), "neume");
        save(&path, &drawing()).unwrap();
        let Ok(Outcome::Drawing { slot, sketch, name }) = open(3, &path) else { panic!("not opened") };
        assert_eq!((slot, sketch, name.as_str()), (3, drawing(), "vespers"));
    }

    #[test]
    fn a_drawing_that_was_exported_comes_in_again_as_a_picture() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vespers.png");
        export(&path, &drawing()).unwrap();
        let Ok(Outcome::Picture { layer, .. }) = import(0, &path) else { panic!("not imported") };
        let middle = 4 * (layer.height_px / 2 * layer.width_px + layer.width_px / 2) as usize;
        assert!(layer.rgba[middle + 2] > 150 && layer.rgba[middle] < 90, "the stroke is blue");
        assert_eq!(&layer.rgba[..3], &[255, 255, 255], "the paper is white");
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named_with_its_cause() {
        let folder = tempfile::tempdir().unwrap();
        let bytes: [(&str, &[u8]); 4] = [
            ("empty.png", b""),
            ("text.png", b"not a picture"),
            ("garbage.neume", b"\0\0"),
            ("half.neume", b"{\"kind\":"),
        ];
        for (name, content) in bytes {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            let Err(cause) = import(0, &path) else { panic!("{name} was taken") };
            assert!(cause.contains(name) && cause.lines().count() == 1, "{cause}");
        }
        let gone = folder.path().join("gone.png");
        let Err(cause) = import(0, &gone) else { panic!("a file that is not there was taken") };
        assert!(cause.contains("gone.png"), "{cause}");
    }

    #[test]
    fn a_dialog_that_nobody_can_have_seen_is_a_failure_and_no_cancel() {
        assert!(matches!(unpicked(Duration::from_secs(2)), Ok(Outcome::Cancelled)));
        assert_eq!(unpicked(Duration::from_millis(20)).is_err(), cfg!(target_os = "linux"));
    }

    #[test]
    fn a_language_goes_out_comes_in_and_is_printed() {
        let folder = tempfile::tempdir().unwrap();
        let mut language = Language { name: "Vespers".to_string(), ..Language::default() };
        language.teach("bell", Arc::new(drawing())).unwrap();
        let path = folder.path().join("vespers.neumes");
        export_language(&path, &language).unwrap();
        let Ok(Outcome::Language(back)) = import(0, &path) else { panic!("not imported") };
        assert_eq!(*back, language);
        print_language(folder.path().join("page"), &language).unwrap();
        assert!(std::fs::read_to_string(folder.path().join("page.svg")).unwrap().contains("bell"));
        print_language(folder.path().join("page.png"), &language).unwrap();
        assert!(image::open(folder.path().join("page.png")).is_ok());
    }
}
