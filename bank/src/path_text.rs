//! Paths as text, for files that outlive a session: any path survives, also one that is not UTF-8, and a relative path
//! is written with `/` on every platform. Usable as `#[serde(with = "neume_bank::path_text")]`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Stands before the hexadecimal bytes of a path that is not UTF-8 (on Windows: not UTF-16).
const RAW: &str = "raw:";

/// The text of a path.
pub fn encode(path: &Path) -> String {
    match path.to_str() {
        Some(text) if !text.starts_with(RAW) => {
            if cfg!(windows) && path.is_relative() {
                text.replace('\\', "/")
            } else {
                text.to_string()
            }
        }
        _ => path_bytes(path).iter().fold(RAW.to_string(), |text, byte| format!("{text}{byte:02x}")),
    }
}

/// The path of a text that [`encode`] wrote; any other text is taken as it stands.
pub fn decode(text: &str) -> PathBuf {
    text.strip_prefix(RAW).and_then(unhex).and_then(path_of).unwrap_or_else(|| PathBuf::from(text))
}

/// For serde.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    encode(path).serialize(serializer)
}

/// For serde.
///
/// # Errors
/// Those of the deserializer.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    String::deserialize(deserializer).map(|text| decode(&text))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    digits.chunks(2).map(|pair| Some(digit(pair[0])? * 16 + digit(*pair.get(1)?)?)).collect()
}

#[cfg(unix)]
fn path_bytes(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_vec()
}

#[cfg(unix)]
fn path_of(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    Some(PathBuf::from(std::ffi::OsString::from_vec(bytes)))
}

#[cfg(windows)]
fn path_bytes(path: &Path) -> Vec<u8> {
    use std::os::windows::ffi::OsStrExt;
    path.as_os_str().encode_wide().flat_map(u16::to_le_bytes).collect()
}

#[cfg(windows)]
fn path_of(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::windows::ffi::OsStringExt;
    let units: Option<Vec<u16>> =
        bytes.chunks(2).map(|pair| Some(u16::from_le_bytes([pair[0], *pair.get(1)?]))).collect();
    Some(PathBuf::from(std::ffi::OsString::from_wide(&units?)))
}
