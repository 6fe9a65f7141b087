//! The library that holds CUDA, opened at run time: `models/cuda/src/interface.rs` is its other side.
//!
//! Opened and asked on the threads of the networks, never by the Engine or the Editor. Nothing here decides what serves if
//! it cannot be had: see `networks.rs`.

// The file that calls foreign functions: their types are those of the interface whose number was checked before.

use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use libloading::Library;
use neume_models::Error;
use neume_models::device::{CUDA_INTERFACE, Network};
use parking_lot::Mutex;

/// Room for what the library says.
const MESSAGE_BYTES: usize = 1024;

#[repr(C)]
struct Bytes {
    start: *const u8,
    len: usize,
}

type Interface = unsafe extern "C" fn() -> u32;
type Open = unsafe extern "C" fn(u32, *const Bytes, *mut u8, usize) -> *mut c_void;
type Name = unsafe extern "C" fn(*const c_void, *mut u8, usize);
type Forward =
    unsafe extern "C" fn(*const c_void, u32, *const f32, usize, *mut f32, usize, *mut u8, usize) -> i32;
type Close = unsafe extern "C" fn(*mut c_void);

/// The networks on a CUDA device.
pub struct Cuda {
    name: String,
    forward: Forward,
    close: Close,
    /// One call at a time.
    opened: Mutex<Opened>,
    /// Never unloaded: CUDA leaves threads and destructors of its own behind. It knows nothing of the plugin, which may
    /// be unloaded before it.
    _library: ManuallyDrop<Library>,
}

/// What the library made.
struct Opened(*mut c_void);

// SAFETY: the interface lets any thread use it, one at a time; the lock around it sees to that.
unsafe impl Send for Opened {}

impl Cuda {
    /// Opens the first CUDA device by the library that lies where [`find`] says, with the weights that ship with Neume.
    ///
    /// # Errors
    /// One line that names the file and the cause.
    pub fn open() -> Result<Cuda, String> {
        let path = find()?;
        Cuda::open_at(&path).map_err(|cause| {
            let path = path.display().to_string();
            // The loader of some systems names the file itself.
            let cause = first_line(&cause).trim_start_matches(&format!("{path}: "));
            format!("{path}: {cause}")
        })
    }

    fn open_at(path: &Path) -> Result<Cuda, String> {
        // SAFETY: the file is one that the user put there to be opened. Neume's own library does nothing when it is
        // loaded, and CUDA's are made to be loaded so.
        let library = ManuallyDrop::new(unsafe { Library::new(path) }.map_err(|cause| cause.to_string())?);
        let interface: Interface = function(&library, "neume_cuda_interface")?;
        // SAFETY: every number of the interface has this function, without arguments.
        let found = unsafe { interface() };
        if found != CUDA_INTERFACE {
            return Err(format!("its interface is {found}, and this Neume speaks {CUDA_INTERFACE}"));
        }
        let open: Open = function(&library, "neume_cuda_open")?;
        let name: Name = function(&library, "neume_cuda_name")?;
        let forward: Forward = function(&library, "neume_cuda_forward")?;
        let close: Close = function(&library, "neume_cuda_close")?;

        let files = Network::ALL.map(|network| {
            let file = network.weights();
            Bytes { start: file.as_ptr(), len: file.len() }
        });
        let mut room = [0; MESSAGE_BYTES];
        // SAFETY: three files that live as long as the program, and the room with its length.
        let opened = unsafe { open(0, files.as_ptr(), room.as_mut_ptr(), room.len()) };
        if opened.is_null() {
            return Err(text_in(&room));
        }
        room.fill(0);
        // SAFETY: it is open, and the room comes with its length.
        unsafe { name(opened, room.as_mut_ptr(), room.len()) };
        let name = text_in(&room);
        Ok(Cuda { name, forward, close, opened: Mutex::new(Opened(opened)), _library: library })
    }

    /// What the device is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs a network once: [`Network::input_len`] numbers to [`Network::output_len`].
    ///
    /// # Errors
    /// [`Error::Network`] with what the library says.
    pub fn forward(&self, network: Network, input: &[f32]) -> Result<Vec<f32>, Error> {
        let mut output = vec![0.0; network.output_len()];
        let mut room = [0; MESSAGE_BYTES];
        let opened = self.opened.lock();
        // SAFETY: it is open and the lock keeps others away; each pointer comes with the length of what it points at, and
        // these are four things apart.
        let code = unsafe {
            (self.forward)(
                opened.0,
                network as u32,
                input.as_ptr(),
                input.len(),
                output.as_mut_ptr(),
                output.len(),
                room.as_mut_ptr(),
                room.len(),
            )
        };
        if code == 0 { Ok(output) } else { Err(Error::Network(first_line(&text_in(&room)).to_string())) }
    }
}

impl Drop for Cuda {
    fn drop(&mut self) {
        // SAFETY: it is open, nobody else can reach it any more, and it is closed once.
        unsafe { (self.close)(self.opened.get_mut().0) };
    }
}

/// A function of the library, of type `F`: one of the types above.
fn function<F: Copy>(library: &Library, name: &str) -> Result<F, String> {
    // SAFETY: the caller names the function that has this type in the interface. It stays valid, for the library is never
    // unloaded once a function of it is kept.
    let found = unsafe { library.get::<F>(name.as_bytes()) };
    found
        .map(|function| *function)
        .map_err(|_| format!("this is not Neume's CUDA library: it has no `{name}`"))
}

/// Whether the library lies anywhere, which does not say that it loads.
pub fn is_there() -> bool {
    find().is_ok_and(|path| path.is_file())
}

/// Where the library lies: where `NEUME_CUDA` says, else beside the plugin or the program, else in the user's data folder.
fn find() -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os("NEUME_CUDA").filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    let name = libloading::library_filename("neume_cuda");
    let beside = |file: Option<PathBuf>| Some(file?.parent()?.to_path_buf());
    let data = directories::ProjectDirs::from("", "", "Neume").map(|of_user| of_user.data_local_dir().into());
    let mut folders: Vec<PathBuf> =
        [beside(process_path::get_dylib_path()), beside(std::env::current_exe().ok()), data]
            .into_iter()
            .flatten()
            .collect();
    folders.dedup();
    let lies = folders.iter().map(|folder| folder.join(&name)).find(|path| path.is_file());
    lies.ok_or_else(|| {
        let looked: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
        format!("{} is not in {}", name.display(), looked.join(", nor in "))
    })
}

/// The text that the library wrote: up to the first zero.
fn text_in(room: &[u8]) -> String {
    let end = room.iter().position(|&byte| byte == 0).unwrap_or(room.len());
    String::from_utf8_lossy(&room[..end]).into_owned()
}

/// What follows the first line is where in its code a library failed.
fn first_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or("it does not say why")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(path: &Path) -> String {
        Cuda::open_at(path).err().unwrap_or_default()
    }

    #[test]
    fn what_is_no_library_or_another_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(refused(&folder.path().join("missing.so")).contains("missing.so"));
        let garbage = folder.path().join("garbage.so");
        std::fs::write(&garbage, b"no library at all ".repeat(40)).unwrap();
        assert!(!refused(&garbage).is_empty());
        std::fs::write(&garbage, b"").unwrap();
        assert!(!refused(&garbage).is_empty());
        assert!(!refused(folder.path()).is_empty(), "a folder");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_library_of_another_kind_is_named_as_that() {
        let told = refused(Path::new("libm.so.6"));
        assert_eq!(told, "this is not Neume's CUDA library: it has no `neume_cuda_interface`");
    }

    #[test]
    fn what_a_library_says_is_one_line() {
        assert_eq!(first_line("no device\n   0: somewhere\n"), "no device");
        assert_eq!(first_line(" \n"), "it does not say why");
        assert_eq!(text_in(b"H200\0rest"), "H200");
        assert_eq!(text_in(b"\xffno end"), "\u{fffd}no end");
    }
}
