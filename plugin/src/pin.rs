//! Keeps this library in the process for good.
//!
//! A host may unload a plugin's library as soon as its last instance is gone, so every thread of ours is joined before that.
//! One cannot be: a file dialog is open for as long as the composer leaves it open, and what the system shows it by may go on
//! with threads of its own. Before the first dialog the library is therefore pinned. Called by the Editor; never by the
//! Engine.

// The file that asks the system's loader: it names only what is loaded already, so nothing is run by that.

use std::path::Path;

use nice_plug::prelude::nice_error;

/// Keeps the library that this code lies in, unless it is a program, which nobody unloads.
pub fn pin() {
    let pinned = match process_path::get_dylib_path() {
        Some(path) if is_program(&path) => Ok(()),
        Some(path) => keep(&path).map_err(|cause| cause.to_string()),
        None => Err("the system does not say where it lies".to_string()),
    };
    if let Err(cause) = pinned {
        nice_error!("a host that removes Neume while a file dialog is open may crash: {cause}");
    }
}

/// The loader calls a program as it was called by whoever started it, which may be by its name alone.
fn is_program(path: &Path) -> bool {
    let program = std::env::current_exe().and_then(std::fs::canonicalize).ok();
    path.components().count() == 1 || (program.is_some() && path.canonicalize().ok() == program)
}

#[cfg(unix)]
fn keep(path: &Path) -> Result<(), libloading::Error> {
    use libloading::os::unix::{Library, RTLD_LAZY};
    // SAFETY: with RTLD_NOLOAD only a library that is loaded already is found, and none of its code runs.
    let library = unsafe { Library::open(Some(path), RTLD_LAZY | libc::RTLD_NOLOAD) }?;
    // The loader counts this reference for ever.
    std::mem::forget(library);
    Ok(())
}

#[cfg(windows)]
fn keep(path: &Path) -> Result<(), libloading::Error> {
    libloading::os::windows::Library::open_already_loaded(path)?.pin()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use libloading::os::unix::{Library, RTLD_LAZY};

    #[test]
    fn a_library_that_was_pinned_is_not_unloaded() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("nothing.c");
        std::fs::write(&source, "int nothing;\n").unwrap();
        for pinned in [false, true] {
            let path = folder.path().join(format!("nothing {pinned}.so"));
            let mut linker = std::process::Command::new("cc");
            assert!(linker.arg("-shared").arg(&source).arg("-o").arg(&path).status().unwrap().success());
            // SAFETY: a library of one number, without code.
            let open = |flags| unsafe { Library::open(Some(&path), RTLD_LAZY | flags) };
            let library = open(0).unwrap();
            if pinned {
                keep(&path).unwrap();
            }
            library.close().unwrap();
            assert_eq!(open(libc::RTLD_NOLOAD).is_ok(), pinned);
        }
    }

    #[test]
    fn a_program_needs_no_pin() {
        assert!(is_program(&process_path::get_dylib_path().unwrap()));
        assert!(is_program(Path::new("neume")) && !is_program(Path::new("/usr/lib/clap/neume.clap")));
    }
}
