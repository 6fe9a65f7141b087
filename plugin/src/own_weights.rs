//! Networks that the composer trained, in the place of those that are built in. They lie in the folder that `NEUME_WEIGHTS`
//! names, else in `weights` in the user's folder for data, under the names that `neume train` gives them.
//!
//! Looked for once in a process. They run on the CPU, whatever device was chosen. A file that does not fit is named, and
//! what is built in serves.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use neume_models::weights::Weights;
use neume_models::{Error, SignNet, SketchNet, SoundNet};

use crate::disk;

/// The networks that are there.
#[derive(Default)]
pub struct OwnWeights {
    /// For `sketch.safetensors`.
    pub sketch: Option<SketchNet>,
    /// For `sign.safetensors`.
    pub sign: Option<SignNet>,
    /// For `sound.safetensors`.
    pub sound: Option<Arc<SoundNet>>,
    /// What is wrong with those that cannot be taken, a line.
    pub notice: Option<String>,
}

impl OwnWeights {
    /// Looks into the folder that the surroundings name.
    pub fn find() -> OwnWeights {
        match named() {
            Some(folder) => OwnWeights::of_named(&folder),
            None => usual_folder().map_or_else(OwnWeights::default, |folder| OwnWeights::of(&folder)),
        }
    }

    /// Looks into a folder that was asked for, in which there should be something.
    fn of_named(folder: &Path) -> OwnWeights {
        let own = OwnWeights::of(folder);
        let is_empty = own.sketch.is_none() && own.sign.is_none() && own.sound.is_none();
        let told = format!("{VARIABLE}={}: no weights lie there; what is built in serves", folder.display());
        OwnWeights { notice: own.notice.or_else(|| is_empty.then_some(told)), ..own }
    }

    /// Looks into a folder.
    pub fn of(folder: &Path) -> OwnWeights {
        let mut wrong = Vec::new();
        let mut own = OwnWeights {
            sketch: read(folder, "sketch", SketchNet::from_weights, &mut wrong),
            sign: read(folder, "sign", SignNet::from_weights, &mut wrong),
            sound: read(folder, "sound", SoundNet::from_weights, &mut wrong).map(Arc::new),
            notice: None,
        };
        own.notice = (!wrong.is_empty()).then(|| format!("{}; what is built in serves", wrong.join("; ")));
        own
    }
}

/// The variable that names the folder.
pub const VARIABLE: &str = "NEUME_WEIGHTS";

/// Where they are looked for if the variable says nothing; `None` where this user has no folder for data.
pub fn usual_folder() -> Option<PathBuf> {
    Some(directories::ProjectDirs::from("", "", "Neume")?.data_local_dir().join("weights"))
}

/// The folder that the variable names.
fn named() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).filter(|named| !named.is_empty()).map(PathBuf::from)
}

fn read<T>(
    folder: &Path,
    name: &str,
    of_bytes: fn(&[u8]) -> Result<T, Error>,
    wrong: &mut Vec<String>,
) -> Option<T> {
    let path = folder.join(name).with_extension("safetensors");
    if matches!(path.try_exists(), Ok(false)) {
        return None;
    }
    let read = disk::read(&path, Weights::MAX_BYTES as u64)
        .and_then(|bytes| of_bytes(&bytes).map_err(|cause| format!("{}: {cause}", path.display())));
    read.map_err(|cause| wrong.push(cause)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_trained_is_taken_and_what_does_not_fit_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let nothing = OwnWeights::of(folder.path());
        assert!(nothing.sketch.is_none() && nothing.sign.is_none() && nothing.sound.is_none());
        assert_eq!(nothing.notice, None);
        let asked_for = OwnWeights::of_named(&folder.path().join("missing")).notice.unwrap();
        assert!(asked_for.contains("missing: no weights lie there"), "{asked_for}");
        let file = |name: &str| folder.path().join(name);
        std::fs::write(file("sign.safetensors"), SignNet::EMBEDDED).unwrap();
        std::fs::write(file("sketch.safetensors"), SignNet::EMBEDDED).unwrap();
        std::fs::write(file("sound.safetensors"), b"garbage").unwrap();
        let own = OwnWeights::of(folder.path());
        assert!(own.sign.is_some() && own.sketch.is_none() && own.sound.is_none());
        let notice = own.notice.unwrap();
        assert!(
            notice.contains("sketch.safetensors: ") && notice.contains("sound.safetensors: "),
            "{notice}"
        );
        assert!(notice.ends_with("; what is built in serves") && notice.lines().count() == 1, "{notice}");
    }
}
