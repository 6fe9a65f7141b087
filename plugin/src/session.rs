//! What the standalone window holds, kept for the user from one time to the next. The command reads it before the
//! window opens; a thread of its own writes it, soon after something has changed and on leaving, and so does who ends the
//! process otherwise. In a host it is the host that keeps the state, and nothing of this runs.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use neume_bank::priority::stand_back;
use nice_plug::prelude::nice_error;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::disk;
use crate::engine::Settings;
use crate::handoff::{Document, Request, Requests};
use crate::state::{InstanceState, StateError};

/// What was kept the last time, and where to keep what comes.
#[derive(Default)]
pub struct Session {
    /// The parameters; `None` where nothing was kept.
    pub settings: Option<Settings>,
    /// The drawings, the language, the bank.
    pub state: Option<InstanceState>,
    /// What the composer should know.
    pub told: Option<String>,
    /// `None` where nothing can be kept.
    pub place: Option<Place>,
}

/// The file of a session, which is ours alone as long as this lives.
pub struct Place {
    path: PathBuf,
    _lock: File,
}

/// What the file holds.
#[derive(Serialize, Deserialize)]
struct Kept {
    settings: Settings,
    state: Value,
}

/// As large as sixteen drawings may be.
const MAX_BYTES: u64 = 1 << 30;
/// How soon a change is written.
const PERIOD: Duration = Duration::from_secs(2);

/// The session that the next instance of this process takes.
static BEGUN: Mutex<Option<Session>> = Mutex::new(None);
/// What [`write_now`] writes.
static HELD: Mutex<Weak<Mutex<Held>>> = Mutex::new(Weak::new());

/// Opens what was kept in the user's folder for data, for the instance that is made next.
pub fn begin() {
    let folder =
        directories::ProjectDirs::from("", "", "Neume").map(|dirs| dirs.data_local_dir().to_path_buf());
    let session = match folder {
        Some(folder) => Session::open(&folder),
        None => Session { told: unkept("this user has no folder for data"), ..Session::default() },
    };
    *BEGUN.lock() = Some(session);
}

/// The session that was begun; the first one who asks has it.
pub fn take() -> Option<Session> {
    BEGUN.lock().take()
}

/// Writes what has changed since it was written last; for who ends the process and will not come to an end of the window.
pub fn write_now() {
    let Some(held) = HELD.lock().upgrade() else { return };
    if let Err(cause) = held.lock().write() {
        nice_error!("what is drawn is not kept: {cause}");
    }
}

impl Session {
    /// Opens what was kept in a folder. A file that cannot be read is set aside, so that it is not written over. Where
    /// another window keeps what it holds there, this one keeps nothing.
    pub fn open(folder: &Path) -> Session {
        let path = folder.join("standalone.json");
        let (kept, lock) = (read(&path), lock(folder));
        let mut session = Session::default();
        let is_free = match (kept, &lock) {
            (Ok(None), _) => true,
            (Ok(Some((settings, state))), _) => {
                session.settings = Some(settings);
                session.state = Some(state);
                true
            }
            (Err(_), Err(_)) => false,
            (Err(cause), Ok(_)) => match set_aside(&path) {
                Ok(aside) => {
                    let aside = aside.display();
                    session.told = Some(format!("what was drawn last lies in {aside} now, for {cause}"));
                    true
                }
                Err(moved) => {
                    session.told = unkept(&format!("{cause}, and {moved}"));
                    false
                }
            },
        };
        match lock {
            Ok(lock) if is_free => session.place = Some(Place { path, _lock: lock }),
            Ok(_) => {}
            Err(cause) => session.told = unkept(&cause),
        }
        session
    }
}

fn unkept(cause: &str) -> Option<String> {
    Some(format!("what is drawn here is not kept: {cause}"))
}

/// Nobody else keeps anything in this folder as long as the file is open.
fn lock(folder: &Path) -> Result<File, String> {
    let path = folder.join("standalone.lock");
    let named = |cause: std::io::Error| format!("{}: {cause}", path.display());
    std::fs::create_dir_all(folder).map_err(named)?;
    let file = File::options().create(true).append(true).open(&path).map_err(named)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            Err("another window of Neume is open and keeps what it holds".to_string())
        }
        // Where files cannot be locked, it is kept all the same.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// What a file holds; `None` where there is none.
fn read(path: &Path) -> Result<Option<(Settings, InstanceState)>, String> {
    if matches!(path.try_exists(), Ok(false)) {
        return Ok(None);
    }
    let bytes = disk::read(path, MAX_BYTES)?;
    let kept: Kept = serde_json::from_slice(&bytes).map_err(|cause| format!("it is damaged: {cause}"))?;
    let state = InstanceState::from_value(kept.state).map_err(|cause| match cause {
        StateError::Damaged(cause) => format!("it is damaged: {cause}"),
        StateError::Future { found, known } => {
            format!("it is of version {found}, and this Neume reads up to version {known}")
        }
    })?;
    Ok(Some((kept.settings, state)))
}

/// Gives a file a name beside its own that is free.
fn set_aside(path: &Path) -> Result<PathBuf, String> {
    let names = std::iter::once("standalone (set aside).json".to_string())
        .chain((2..).map(|n| format!("standalone (set aside {n}).json")));
    let mut places = names.map(|name| path.with_file_name(name));
    // PANIC: there are more names than files.
    let aside = places.find(|aside| matches!(aside.try_exists(), Ok(false) | Err(_))).expect("endless");
    match std::fs::rename(path, &aside) {
        Ok(()) => Ok(aside),
        Err(cause) => Err(format!("{}: {cause}", path.display())),
    }
}

impl Place {
    fn write(&self, settings: Settings, state: &InstanceState) -> Result<(), String> {
        let kept = Kept { settings, state: state.to_value() };
        let named = |cause: &dyn std::fmt::Display| format!("{}: {cause}", self.path.display());
        let bytes = serde_json::to_vec(&kept).map_err(|cause| named(&cause))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(named(&format!("it would be larger than {} MiB", MAX_BYTES >> 20)));
        }
        disk::replace(&self.path, &bytes)
    }
}

/// What is held, and what of it is kept.
struct Held {
    place: Place,
    document: Arc<Document>,
    settings: Box<dyn Fn() -> Settings + Send>,
    kept: (Arc<InstanceState>, Settings),
}

impl Held {
    /// Writes what is held, if it is not what is kept.
    fn write(&mut self) -> Result<(), String> {
        let now = (self.document.get(), (self.settings)());
        if !Arc::ptr_eq(&now.0, &self.kept.0) || now.1 != self.kept.1 {
            self.place.write(now.1, &now.0)?;
            self.kept = now;
        }
        Ok(())
    }
}

/// The thread that writes down what has changed. It ends with its owner, and what has changed until then is written.
pub struct Keeper {
    leave: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    held: Weak<Mutex<Held>>,
}

impl Keeper {
    /// Starts it for a document and the parameters beside it.
    pub fn start(
        place: Place,
        document: Arc<Document>,
        settings: impl Fn() -> Settings + Send + 'static,
        requests: Requests,
    ) -> Keeper {
        let (leave, left) = bounded(0);
        let kept = (document.get(), settings());
        let held = Arc::new(Mutex::new(Held { place, document, settings: Box::new(settings), kept }));
        let weak = Arc::downgrade(&held);
        let work = move || {
            stand_back();
            loop {
                let is_leaving = left.recv_timeout(PERIOD) != Err(RecvTimeoutError::Timeout);
                let written = held.lock().write();
                if let Err(cause) = written {
                    requests.send(Request::Notice(unkept(&cause).unwrap_or_default()));
                }
                if is_leaving {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("neume session".to_string()).spawn(work);
        let thread = thread.inspect_err(|cause| nice_error!("what is drawn is not kept: {cause}")).ok();
        Keeper { leave: Some(leave), thread, held: weak }
    }

    /// Has [`write_now`] write what this one keeps.
    pub fn stand_by(&self) {
        HELD.lock().clone_from(&self.held);
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.leave.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            nice_error!("the thread that keeps what is drawn had failed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Mode;
    use crate::handoff::ends;

    /// Keeps this in a folder, as a window does from its opening to its end.
    fn keep(folder: &Path, name: &str, settings: Settings) {
        let session = Session::open(folder);
        assert_eq!(session.told, None);
        let (editor, _worker, _engine) = ends();
        editor.document.set(session.state.unwrap_or_default());
        let shared = Arc::new(Mutex::new(Settings::default()));
        let read = shared.clone();
        let keeper = Keeper::start(
            session.place.expect("it is free"),
            editor.document.clone(),
            move || *read.lock(),
            editor.requests.clone(),
        );
        editor.document.edit(|document| document.slots[3].name = name.to_string());
        *shared.lock() = settings;
        drop(keeper);
    }

    #[test]
    fn what_the_window_holds_is_there_the_next_time() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { slot: 3, mode: Mode::Drawn, gain: 0.5, ..Settings::default() };
        let inside = folder.path().join("not there yet");
        assert!(Session::open(&inside).state.is_none());
        for name in ["Vespers", "Lauds"] {
            keep(&inside, name, settings);
            let session = Session::open(&inside);
            assert_eq!((session.settings, session.told), (Some(settings), None));
            assert_eq!(session.state.unwrap().slots[3].name, name);
        }
    }

    #[test]
    fn what_the_window_holds_is_written_when_the_process_is_asked_to_end() {
        let folder = tempfile::tempdir().unwrap();
        let session = Session::open(folder.path());
        let (editor, _worker, _engine) = ends();
        let place = session.place.expect("it is free");
        let keeper =
            Keeper::start(place, editor.document.clone(), Settings::default, editor.requests.clone());
        keeper.stand_by();
        editor.document.edit(|document| document.slots[3].name = "Vespers".to_string());
        write_now();
        let kept = Session::open(folder.path()).state.expect("it is written before the keeper's end");
        assert_eq!(kept.slots[3].name, "Vespers");
        drop(keeper);
    }

    #[test]
    fn a_damaged_session_is_said_and_set_aside_and_the_next_one_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("standalone.json");
        keep(folder.path(), "Vespers", Settings::default());
        let whole = std::fs::read(&path).unwrap();
        let text = String::from_utf8(whole.clone()).unwrap();
        let future = text.replace("\"version\":2", "\"version\":99").into_bytes();
        let wrong = [whole[..whole.len() / 2].to_vec(), Vec::new(), b"[]".to_vec(), future];
        for (i, bytes) in wrong.iter().enumerate() {
            std::fs::write(&path, bytes).unwrap();
            let session = Session::open(folder.path());
            let told = session.told.expect("it is said");
            assert!(told.contains("set aside") && told.lines().count() == 1, "{told}");
            assert!(session.state.is_none() && session.place.is_some());
            let aside = if i == 0 { "set aside".to_string() } else { format!("set aside {}", i + 1) };
            let aside = folder.path().join(format!("standalone ({aside}).json"));
            assert_eq!(&std::fs::read(aside).unwrap(), bytes, "it is not lost");
            drop(session.place);
            keep(folder.path(), "Lauds", Settings::default());
            assert_eq!(Session::open(folder.path()).state.unwrap().slots[3].name, "Lauds");
        }
    }

    #[test]
    fn a_second_window_opens_what_is_kept_and_says_that_it_keeps_nothing() {
        let folder = tempfile::tempdir().unwrap();
        keep(folder.path(), "Vespers", Settings::default());
        let first = Session::open(folder.path());
        let second = Session::open(folder.path());
        assert!(first.place.is_some() && second.place.is_none());
        assert_eq!(second.state.unwrap().slots[3].name, "Vespers");
        assert!(second.told.unwrap().contains("another window"));
        std::fs::write(folder.path().join("standalone.json"), "damaged").unwrap();
        assert!(Session::open(folder.path()).told.unwrap().contains("another window"));
        assert_eq!(
            std::fs::read(folder.path().join("standalone.json")).unwrap(),
            b"damaged",
            "it is the first's"
        );
        drop(first);
        assert!(Session::open(folder.path()).place.is_some());
    }

    #[test]
    fn what_cannot_be_written_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let session = Session::open(folder.path());
        let (editor, worker, _engine) = ends();
        // A folder in the file's place.
        std::fs::create_dir_all(folder.path().join("standalone.json/inside")).unwrap();
        let place = session.place.unwrap();
        let keeper =
            Keeper::start(place, editor.document.clone(), Settings::default, editor.requests.clone());
        editor.document.edit(|document| document.slots[0].name = "Vespers".to_string());
        drop(keeper);
        let asked: Vec<Request> = worker.requests.try_iter().collect();
        let is_said =
            |told: &str| told.starts_with("what is drawn here is not kept") && told.contains("standalone");
        assert!(matches!(asked.as_slice(), [Request::Notice(told)] if is_said(told)), "{asked:?}");
        let begun_there = Session::open(&folder.path().join("standalone.json/inside/no\0folder"));
        assert!(begun_there.place.is_none() && begun_there.told.is_some());
    }
}
