//! The files of a bank's folder, as presets name them: with either slash, in any case, and never outside of the folder.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use crate::decode;

/// Largest preset or included file.
const MAX_PRESET_BYTES: u64 = 16 << 20;
/// Largest table of a data set: NSynth's has 200 MB.
const MAX_TABLE_BYTES: u64 = 512 << 20;

/// What the scan found.
pub(crate) struct Files {
    folder: PathBuf,
    exact: HashMap<String, PathBuf>,
    /// By lower-case name; of names that differ in case only, the first.
    any_case: HashMap<String, PathBuf>,
}

/// Why a name leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Astray {
    /// It leaves the folder, or names a place of its own.
    Outside,
    /// There is no such file.
    Absent,
}

impl Astray {
    pub fn cause(self) -> &'static str {
        match self {
            Astray::Outside => "lies outside of the folder that was scanned",
            Astray::Absent => "is not there",
        }
    }
}

impl Files {
    /// Of these paths, relative to a folder.
    pub fn new<'a>(folder: &Path, paths: impl Iterator<Item = &'a PathBuf>) -> Files {
        let mut files =
            Files { folder: folder.to_path_buf(), exact: HashMap::new(), any_case: HashMap::new() };
        for path in paths {
            let name = spelled(path);
            files.any_case.entry(name.to_lowercase()).or_insert_with(|| path.clone());
            files.exact.insert(name, path.clone());
        }
        files
    }

    /// The sound that a preset in `from`, a folder relative to the bank's, names so.
    pub fn sound(&self, from: &Path, name: &str) -> Result<PathBuf, Astray> {
        let path = inside(from, name)?;
        let name = spelled(&path);
        let found = self.exact.get(&name).or_else(|| self.any_case.get(&name.to_lowercase()));
        found.cloned().ok_or(Astray::Absent)
    }

    /// The text of a preset: UTF-8 or UTF-16 by its mark, UTF-8 without one, else as Windows wrote it.
    ///
    /// # Errors
    /// Says why it cannot be read.
    pub fn text(&self, relative: &Path) -> Result<String, String> {
        let is_table = relative.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
        let most = if is_table { MAX_TABLE_BYTES } else { MAX_PRESET_BYTES };
        let bytes =
            decode::read_at_most(&self.folder.join(relative), most).map_err(crate::examine::cause_of)?;
        Ok(plain_text(bytes))
    }

    /// Another file of the folder that a preset names, with its text; links that lead out of the folder are none.
    ///
    /// # Errors
    /// Says why it cannot be had.
    pub fn included(&self, from: &Path, name: &str) -> Result<(PathBuf, String), String> {
        let path = inside(from, name).map_err(|astray| astray.cause().to_string())?;
        let whole = |path: &Path| path.canonicalize().map_err(|cause| cause.to_string());
        if !whole(&self.folder.join(&path))?.starts_with(whole(&self.folder)?) {
            return Err(Astray::Outside.cause().to_string());
        }
        let text = self.text(&path)?;
        Ok((path, text))
    }
}

/// What bytes say, without the mark that some editors put before a text.
fn plain_text(bytes: Vec<u8>) -> String {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match bytes.as_slice() {
        [0xFF, 0xFE, text @ ..] => return wide(text, u16::from_le_bytes),
        [0xFE, 0xFF, text @ ..] => return wide(text, u16::from_be_bytes),
        _ => {}
    }
    let text = String::from_utf8(bytes)
        .unwrap_or_else(|wrong| wrong.into_bytes().into_iter().map(char::from).collect());
    text.strip_prefix('\u{FEFF}').map(String::from).unwrap_or(text)
}

/// A name as seen from a folder, without detours.
fn inside(from: &Path, name: &str) -> Result<PathBuf, Astray> {
    let name = name.replace('\\', "/");
    let has_place = name.starts_with('/') || name.as_bytes().get(1) == Some(&b':') || name.contains('\0');
    if has_place {
        return Err(Astray::Outside);
    }
    let mut path = PathBuf::new();
    for component in from.components().chain(Path::new(&name).components()) {
        match component {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            Component::ParentDir if path.pop() => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return Err(Astray::Outside),
        }
    }
    Ok(path)
}

/// A path as a text of a preset would spell it.
fn spelled(path: &Path) -> String {
    let parts: Vec<String> = path
        .components()
        .map(|part| {
            let part = part.as_os_str();
            part.to_str().map_or_else(
                || part.as_encoded_bytes().iter().copied().map(char::from).collect(),
                str::to_string,
            )
        })
        .collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_files_of_the_folder_and_nowhere_else() {
        let paths = [PathBuf::from("Kit/Samples/Kick.wav"), PathBuf::from("top.wav")];
        let files = Files::new(Path::new("/bank"), paths.iter());
        let table = [
            ("Samples/Kick.wav", Ok(0)),
            ("samples\\KICK.WAV", Ok(0)),
            ("./x/../Samples/Kick.wav", Ok(0)),
            ("../top.wav", Ok(1)),
            ("../../top.wav", Err(Astray::Outside)),
            ("..\\..\\..\\etc\\passwd", Err(Astray::Outside)),
            ("/etc/passwd", Err(Astray::Outside)),
            ("C:\\Windows\\x.wav", Err(Astray::Outside)),
            ("Samples/Snare.wav", Err(Astray::Absent)),
            ("Samples", Err(Astray::Absent)),
            ("", Err(Astray::Absent)),
        ];
        for (name, expected) in table {
            let expected = expected.map(|i: usize| paths[i].clone());
            assert_eq!(files.sound(Path::new("Kit"), name), expected, "{name}");
        }
    }
}
