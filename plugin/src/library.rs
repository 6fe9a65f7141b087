//! What one process holds once, however many instances run: the networks, the open banks, the decoded sounds.
//!
//! Called by the Workers and by the `neume` command; never by the Engine. Networks run on a pool of two threads of
//! its own, below normal priority.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock, Weak};

use neume_bank::priority::stand_back;
use neume_bank::scan::{self, Progress, ScanOptions, ScanReport, scan};
use neume_bank::{
    Bank, Content, Growth, Loop, Piece, Profile, SoundId, Source, Stop, Take, container, decode_pieces,
};
use neume_models::raster::network_input;
use neume_models::{Legend, Reading, SignEmbedding, SignInput, Sketch};
use parking_lot::Mutex;

use crate::device::Device;
use crate::handoff::{Pcm, ScanProgress, StreamerEnd};
use crate::joining::{Part, Scans};
use crate::legend_drawings;
use crate::loading::Loading;
use crate::memory;
use crate::networks::Networks;
use crate::sounds::{PcmKey, Sounds};
use crate::state::BankRef;
use crate::streaming::{self, Streamer};

/// The shared holdings of a process.
pub struct Library {
    pool: Pool,
    networks: Networks,
    usual_shapes: OnceLock<Vec<SignEmbedding>>,
    banks: Mutex<HashMap<PathBuf, Arc<Bank>>>,
    scans: Scans,
    sounds: Sounds,
    streamer: Streamer,
    memory_notice: Mutex<Option<String>>,
}

/// A sound that cannot be had: what it is called and why.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{name}: {cause}")]
pub struct Missing {
    /// For the eye.
    pub name: String,
    /// For the eye.
    pub cause: String,
}

/// Names a sound for [`Library::pcm`].
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// By content.
    pub id: SoundId,
    /// By place.
    pub source: &'a Source,
    /// The bank that it was chosen from.
    pub bank: &'a BankRef,
    /// For the eye.
    pub name: &'a str,
    /// Its loop, at its own rate.
    pub sustain: Option<Loop>,
    /// The part of it that is played, in its frames; `None` for all of it.
    pub span: Option<(u64, u64)>,
}

impl Library {
    /// The library of this process; it lives as long as anybody holds it.
    pub fn shared() -> Arc<Library> {
        static SHARED: Mutex<Weak<Library>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock();
        shared.upgrade().unwrap_or_else(|| {
            let library = Arc::new(Library::new());
            *shared = Arc::downgrade(&library);
            library
        })
    }

    fn new() -> Library {
        Library {
            pool: Pool::new(),
            networks: Networks::default(),
            usual_shapes: OnceLock::new(),
            banks: Mutex::default(),
            scans: Scans::default(),
            sounds: Sounds::default(),
            streamer: Streamer::start(),
            memory_notice: Mutex::new(memory::notice()),
        }
    }

    /// Reads a drawing.
    ///
    /// # Errors
    /// An empty pad, and weights that do not load.
    pub fn read(&self, sketch: &Sketch, legend: &Legend) -> Result<Reading, neume_models::Error> {
        self.pool.install(|| {
            let input = network_input(sketch)?;
            let is_certain = input.is_certain;
            self.networks.answers(input)?.reading(legend, is_certain)
        })
    }

    /// The shape of a drawing's ink.
    ///
    /// # Errors
    /// An empty pad, and weights that do not load.
    pub fn shape_of(&self, sketch: &Sketch) -> Result<SignInput, neume_models::Error> {
        self.pool.install(|| {
            let input = network_input(sketch)?;
            let coverage = match input.is_certain {
                true => Vec::new(),
                false => self.networks.answers(input.clone())?.coverage(),
            };
            let shape = SignInput::of(&input, &coverage);
            input.recycle();
            shape
        })
    }

    /// Where a shape lies among shapes.
    ///
    /// # Errors
    /// Weights that do not load.
    pub fn embed_sign(&self, shape: &SignInput) -> Result<SignEmbedding, neume_models::Error> {
        self.pool.install(|| self.networks.embed(shape))
    }

    /// Where the drawings lie that everybody makes for the legend.
    pub fn usual_shapes(&self) -> &[SignEmbedding] {
        self.usual_shapes.get_or_init(|| {
            let shape = |drawing: Sketch| self.embed_sign(&self.shape_of(&drawing).ok()?).ok();
            legend_drawings::all().into_iter().filter_map(shape).collect()
        })
    }

    /// Chooses where the networks run, for the whole process. Where that cannot be had, the CPU serves.
    ///
    /// # Errors
    /// One line that says so, with file and cause.
    pub fn choose_device(&self, device: Device) -> Result<(), String> {
        self.networks.choose(device)
    }

    /// Where the networks run, and its name for the eye: `CPU`, `CUDA: NVIDIA ...`. The first who asks opens it.
    pub fn device(&self) -> (Device, String) {
        self.networks.device()
    }

    /// Why the CPU serves although another device was asked for, or the usual memory although other was; said once in a
    /// process.
    pub fn machine_notice(&self) -> Option<String> {
        self.networks.take_notice().or_else(|| self.memory_notice.lock().take())
    }

    /// Memory that sounds take, in bytes, the pages of streamed ones included.
    pub fn bytes_held(&self) -> usize {
        self.sounds.bytes() + self.streamer.bytes_held()
    }

    /// Gives up sounds that no instance plays, where the budget has become smaller.
    pub fn make_room(&self) {
        self.sounds.make_room(sounds_bytes());
    }

    /// A bank that is open already. The factory bank always is.
    pub fn bank(&self, bank: &BankRef) -> Option<Arc<Bank>> {
        match bank {
            BankRef::Factory => Some(Bank::factory()),
            BankRef::Folder(folder) => self.banks.lock().get(folder).cloned(),
        }
    }

    /// Gives up the banks that nobody holds any more: what is missing is missing whatever was open before.
    pub fn close_unused(&self) {
        self.banks.lock().retain(|_, bank| Arc::strong_count(bank) > 1);
    }

    /// Scans a folder, new and changed files only, and opens it as a bank for the whole process. Where it is being scanned
    /// already, unless all is to be made again, waits for that scan.
    ///
    /// # Errors
    /// A folder that cannot be read, an index of a future version, a scan that was cancelled.
    pub fn open(
        &self,
        folder: &Path,
        rebuild: bool,
        on_progress: &mut dyn FnMut(ScanProgress),
        cancel: &AtomicBool,
    ) -> Result<ScanReport, neume_bank::Error> {
        if rebuild {
            let mut on_progress = |scan: &Progress| on_progress(progress_of(scan));
            return self.scan(folder, true, &mut on_progress, cancel);
        }
        self.open_together(folder, on_progress, None, cancel)
    }

    /// [`Library::open`] for someone who waits: what is labelled by now is open while the scan is under way, and `on_growth`
    /// is given the bank whenever that is worth it.
    ///
    /// # Errors
    /// As [`Library::open`]; what is open by then stays so.
    pub fn open_in_steps(
        &self,
        folder: &Path,
        on_progress: &mut dyn FnMut(ScanProgress),
        on_growth: &mut dyn FnMut(Arc<Bank>),
        cancel: &AtomicBool,
    ) -> Result<ScanReport, neume_bank::Error> {
        self.open_together(folder, on_progress, Some(on_growth), cancel)
    }

    fn open_together(
        &self,
        folder: &Path,
        on_progress: &mut dyn FnMut(ScanProgress),
        on_growth: Option<&mut dyn FnMut(Arc<Bank>)>,
        cancel: &AtomicBool,
    ) -> Result<ScanReport, neume_bank::Error> {
        let in_steps = on_growth.is_some();
        let mut ignore = |_| {};
        let on_growth = on_growth.unwrap_or(&mut ignore);
        loop {
            match self.scans.take_part(folder, in_steps) {
                Part::Join(joined) => {
                    if let Some(outcome) = joined.wait(on_progress, on_growth, cancel) {
                        return outcome;
                    }
                }
                Part::Lead(leading) => {
                    let open = self.banks.lock().get(folder).map_or(0, |open| open.sounds.len());
                    let mut growth = Growth::beyond(open);
                    let mut on_progress = |scan: &Progress| {
                        let step = if leading.is_in_steps() { growth.step(scan) } else { None };
                        let grown = step.map(|bank| self.larger(folder, Arc::new(bank)));
                        leading.tell(progress_of(scan), grown.clone());
                        on_progress(progress_of(scan));
                        grown.into_iter().for_each(&mut *on_growth);
                    };
                    let outcome = self.scan(folder, false, &mut on_progress, cancel);
                    return leading.end(outcome);
                }
            }
        }
    }

    fn scan(
        &self,
        folder: &Path,
        rebuild: bool,
        on_progress: &mut dyn FnMut(&Progress),
        cancel: &AtomicBool,
    ) -> Result<ScanReport, neume_bank::Error> {
        let net = self.networks.sound()?;
        let options = ScanOptions { rebuild, ..ScanOptions::default() };
        let mut report = scan(folder, &options, &net, on_progress, cancel)?;
        let open = self.banks.lock().get(folder).cloned();
        // Where nothing has changed, all instances go on with one bank.
        report.bank = open.filter(|open| *open == report.bank).unwrap_or(report.bank);
        self.banks.lock().insert(folder.to_path_buf(), report.bank.clone());
        Ok(report)
    }

    /// Opens a growing bank, unless another instance's scan of the folder is further; which is open then.
    fn larger(&self, folder: &Path, bank: Arc<Bank>) -> Arc<Bank> {
        let mut banks = self.banks.lock();
        match banks.get(folder) {
            Some(open) if open.sounds.len() > bank.sounds.len() => open.clone(),
            _ => {
                banks.insert(folder.to_path_buf(), bank.clone());
                bank
            }
        }
    }

    /// What is said of a sound that lies in no bank: the content of a file that `path` names.
    ///
    /// # Errors
    /// A file that is no sound, or a silent one; weights that do not load.
    pub fn listen(&self, content: &Content, path: &Path) -> Result<Profile, neume_bank::Error> {
        let net = self.networks.sound()?;
        scan::profile_of(content, path, &|mono, rate_hz| net.label(mono, rate_hz))
    }

    /// The samples of a sound at the host's rate, from memory or from its file. `is_cancelled` ends the reading
    /// of it: it is asked before each piece, with the number of frames that were read, and with [`u64::MAX`] while a long
    /// file is compared with what was chosen.
    ///
    /// # Errors
    /// [`Missing`] where neither its place nor an open bank holds this content, and where it was cancelled.
    pub fn pcm(
        &self,
        wanted: Wanted<'_>,
        rate_hz: f32,
        is_cancelled: &dyn Fn(u64) -> bool,
    ) -> Result<Arc<Pcm>, Missing> {
        let Wanted { id, sustain, span, .. } = wanted;
        let key = PcmKey { id, rate: rate_hz.to_bits(), sustain, span };
        if let Some(pcm) = self.sounds.get(&key) {
            return Ok(pcm);
        }
        let pcm = self.load(wanted, rate_hz, is_cancelled)?;
        Ok(self.sounds.hold(key, pcm, sounds_bytes(), &self.streamer))
    }

    /// Serves an Engine with the pages of long sounds from now on.
    pub fn serve(&self, end: StreamerEnd) {
        self.streamer.serve(end);
    }

    fn load(
        &self,
        wanted: Wanted<'_>,
        rate_hz: f32,
        is_cancelled: &dyn Fn(u64) -> bool,
    ) -> Result<Pcm, Missing> {
        let missing = |cause: String| Missing { name: wanted.name.to_string(), cause };
        let loaded = |decode: &dyn Fn(&mut Take) -> Result<(), neume_bank::Error>| {
            let mut loading = Loading::new(&self.streamer, wanted.sustain, wanted.span);
            let mut frames = 0;
            let mut take = |piece: &Piece<'_>| {
                if is_cancelled(frames) {
                    return Err(Stop::Failed("it is not wanted any more".to_string()));
                }
                frames += piece.frames() as u64;
                loading.take(piece)
            };
            decode(&mut take).map_err(|cause| missing(cause.to_string()))?;
            loading.finish(rate_hz).map_err(|cause| missing(cause.to_string()))
        };
        // Of a file that is long, all is read before its first piece.
        let is_left = || is_cancelled(u64::MAX);
        if let (Source::Factory { .. }, factory) = (wanted.source, Bank::factory()) {
            let sound = factory
                .get(wanted.id)
                .ok_or_else(|| missing("this version's factory bank does not have it".to_string()))?;
            return loaded(&|take| factory.load_in_pieces(sound, take, &is_left));
        }
        let open: Vec<Arc<Bank>> = self.banks.lock().values().cloned().collect();
        for bank in open {
            let Some(sound) = bank.get(wanted.id) else { continue };
            let pcm = loaded(&|take| bank.load_in_pieces(sound, take, &is_left));
            if pcm.is_ok() || is_left() {
                return pcm;
            }
        }
        match (wanted.bank, wanted.source) {
            (BankRef::Folder(folder), Source::File(file)) => {
                let path = folder.join(file);
                let content = Content::open(&path).map_err(|cause| missing(cause.to_string()))?;
                let id = content.id_of(&path, &is_left).map_err(|cause| missing(cause.to_string()))?;
                if id != wanted.id {
                    return Err(missing(format!("{}: the file has another content now", path.display())));
                }
                loaded(&|take| decode_pieces(&content, &path, take).map(|_| ()))
            }
            (BankRef::Folder(folder), Source::Member { file, member }) => {
                let path = folder.join(file);
                let audio = container::load(&path, member, wanted.id);
                let audio = audio.map_err(|cause| missing(cause.to_string()))?;
                loaded(&|take| audio.pass_on(take, &path))
            }
            (BankRef::Factory, _) | (_, Source::Factory { .. }) => {
                Err(missing("it names no file".to_string()))
            }
        }
    }
}

/// The two threads on which networks run. They are joined when the last instance goes, since a host may unload the
/// library right after it.
struct Pool {
    rayon: Option<rayon::ThreadPool>,
    threads: Arc<Mutex<Vec<std::thread::JoinHandle<()>>>>,
}

impl Pool {
    fn new() -> Pool {
        let threads = Arc::new(Mutex::new(Vec::new()));
        let joined = threads.clone();
        let rayon = rayon::ThreadPoolBuilder::new()
            .num_threads(2)
            .spawn_handler(move |thread| {
                let named = std::thread::Builder::new().name("neume networks".to_string());
                joined.lock().push(named.spawn(|| {
                    stand_back();
                    thread.run();
                })?);
                Ok(())
            })
            .build()
            .inspect_err(|cause| {
                nice_plug::prelude::nice_error!("networks run on the Worker's thread: {cause}")
            })
            .ok();
        Pool { rayon, threads }
    }

    fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.rayon {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        drop(self.rayon.take());
        for thread in self.threads.lock().drain(..) {
            // A thread that panicked has said so already.
            thread.join().ok();
        }
    }
}

/// Memory that sounds may take, in bytes: what the pages of streamed ones leave of the budget.
fn sounds_bytes() -> usize {
    memory::budget().bytes() - streaming::pages_bytes()
}

fn progress_of(scan: &Progress) -> ScanProgress {
    ScanProgress { done: scan.done, total: scan.total }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_that_is_not_wanted_any_more_is_given_up_and_can_be_had_later() {
        const RATE_HZ: f32 = 11_027.0;
        let library = Library::shared();
        let factory = Bank::factory();
        let sound = &factory.sounds[0];
        let load = |is_cancelled: bool| {
            let wanted = Wanted {
                id: sound.id,
                source: &sound.source,
                bank: &BankRef::Factory,
                name: &sound.name,
                sustain: sound.sustain,
                span: None,
            };
            library.pcm(wanted, RATE_HZ, &|_| is_cancelled)
        };
        let refused = load(true).map(drop).unwrap_err();
        assert!(refused.cause.contains("not wanted any more"), "{}", refused.cause);
        assert!(load(false).is_ok_and(|pcm| !pcm.left.is_empty()));
    }
}
