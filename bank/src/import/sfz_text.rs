//! The text of an SFZ file: comments, `#define`, `#include`, headers and opcodes.
//!
//! Includes stay inside of the bank's folder, cannot go in circles, and their number and size are bounded.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use neume_models::legend::note_number;

use super::files::Files;

/// Files inside of files.
const DEEPEST: usize = 16;
/// Libraries that put every region together from pieces include some thousands; each costs a look at the disk.
const MOST_INCLUDES: usize = 20_000;
const MOST_BYTES: usize = 32 << 20;
/// Longest name of a definition.
const LONGEST_NAME: usize = 64;
/// Longest value of a definition, once others were put into it.
const MOST_VALUE: usize = 4_096;

/// What is done to the text itself.
const DIRECTIVES: [&str; 2] = ["#include", "#define"];

/// A piece of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// `<region>`, without its brackets.
    Header(String),
    /// Name in small letters, and value.
    Opcode(String, String),
}

/// What a file says, with all that it includes.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub pieces: Vec<Piece>,
    /// Includes that could not be had, with the cause.
    pub failed: Vec<(String, String)>,
    /// Files that are included.
    pub included: BTreeSet<PathBuf>,
    /// By name, without its `$`.
    defined: HashMap<String, String>,
    includes: usize,
    bytes: usize,
}

impl Text {
    /// Reads a file and what it includes.
    ///
    /// # Errors
    /// Says why the file itself cannot be read.
    pub fn read(path: &Path, files: &Files) -> Result<Text, String> {
        let mut text = Text::default();
        let content = files.text(path)?;
        text.take(&content, files, &mut vec![path.to_path_buf()]);
        Ok(text)
    }

    /// `open` holds the files that are being read, the first of all first.
    fn take(&mut self, content: &str, files: &Files, open: &mut Vec<PathBuf>) {
        self.bytes += content.len();
        for line in without_comments(content).lines() {
            let mut line = line;
            while !line.is_empty() {
                if self.bytes > MOST_BYTES {
                    self.failed.push(("the rest of the file".to_string(), "is too long".to_string()));
                    return;
                }
                line = self.take_part(line.trim(), files, open);
            }
        }
    }

    /// Takes a directive, or what lies before the next one in the line. Gives the rest.
    fn take_part<'a>(&mut self, line: &'a str, files: &Files, open: &mut Vec<PathBuf>) -> &'a str {
        if let Some(rest) = line.strip_prefix(DIRECTIVES[0]) {
            let rest = rest.trim_start();
            let quoted = rest.strip_prefix('"').and_then(|inside| inside.split_once('"'));
            let (name, rest) = quoted.unwrap_or((rest.trim_matches('"'), ""));
            let name = self.put_in(name);
            if let Err(cause) = self.include(&name, files, open) {
                self.failed.push((format!("#include \"{name}\""), cause));
            }
            return rest;
        }
        if let Some(rest) = line.strip_prefix(DIRECTIVES[1]) {
            return self.define(rest);
        }
        let next = DIRECTIVES.iter().filter_map(|directive| line.find(directive)).min();
        let (here, rest) = line.split_at(next.unwrap_or(line.len()));
        let here = self.put_in(here);
        self.bytes += here.len();
        self.split(&here);
        rest
    }

    fn include(&mut self, name: &str, files: &Files, open: &mut Vec<PathBuf>) -> Result<(), String> {
        self.includes += 1;
        if self.includes > MOST_INCLUDES || self.bytes > MOST_BYTES {
            return Err("too much is included".to_string());
        }
        if open.len() > DEEPEST {
            return Err("files are included too deeply".to_string());
        }
        let parent = |path: &PathBuf| path.parent().unwrap_or(Path::new("")).to_path_buf();
        let (first, last) = (open.first().map(parent), open.last().map(parent));
        // Names count from the first file; some libraries count from the one that includes.
        let from_first = files.included(&first.unwrap_or_default(), name);
        let (path, content) =
            from_first.or_else(|cause| files.included(&last.unwrap_or_default(), name).map_err(|_| cause))?;
        if open.contains(&path) {
            return Err("the file includes itself".to_string());
        }
        self.included.insert(path.clone());
        open.push(path);
        self.take(&content, files, open);
        open.pop();
        Ok(())
    }

    /// Takes a name and its value. Gives the rest.
    fn define<'a>(&mut self, rest: &'a str) -> &'a str {
        let first = |text: &'a str| {
            let text = text.trim_start();
            text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))
        };
        let (name, rest) = first(rest);
        let (value, rest) = first(rest);
        let mut value = self.put_in(value);
        value.truncate(value.floor_char_boundary(MOST_VALUE));
        if name.starts_with('$') && name.len() > 1 && self.defined.len() < 10_000 {
            self.defined.insert(name[1..].to_string(), value);
        }
        rest
    }

    /// A line with its definitions put in.
    fn put_in(&self, line: &str) -> String {
        let mut done = String::new();
        let mut rest = line;
        while let Some(at) = rest.find('$').filter(|_| done.len() < 64 * MOST_VALUE) {
            done += &rest[..at];
            rest = &rest[at..];
            // Of names that begin alike, the longest is meant.
            let longest = word(&rest[1..]).len().min(LONGEST_NAME);
            let known = (1..=longest).rev().find_map(|len| Some((len, self.defined.get(&rest[1..=len])?)));
            match known {
                Some((len, value)) => {
                    done += value;
                    rest = &rest[1 + len..];
                }
                None => {
                    done.push('$');
                    rest = &rest[1..];
                }
            }
        }
        done + rest
    }

    fn split(&mut self, line: &str) {
        let mut rest = line.trim_start();
        while !rest.is_empty() {
            if let Some((name, behind)) = header(rest) {
                self.pieces.push(Piece::Header(name.to_ascii_lowercase()));
                rest = behind.trim_start();
                continue;
            }
            let name = word(rest);
            let Some(value) = rest[name.len()..].strip_prefix('=').filter(|_| !name.is_empty()) else {
                // Stray words, which players pass over too.
                rest = rest.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim_start());
                continue;
            };
            let end = value_end(value);
            let opcode = name.to_ascii_lowercase();
            self.pieces.push(Piece::Opcode(opcode, value[..end].trim().to_string()));
            rest = value[end..].trim_start();
        }
    }
}

fn header(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('<')?;
    let name = word(inside);
    let behind = inside[name.len()..].strip_prefix('>')?;
    (!name.is_empty()).then_some((name, behind))
}

/// The letters, digits and underscores that a text begins with.
fn word(text: &str) -> &str {
    let end = text.bytes().position(|b| !(b.is_ascii_alphanumeric() || b == b'_')).unwrap_or(text.len());
    &text[..end]
}

/// Where a value ends: before the next opcode or header of its line, since the names of samples have spaces.
fn value_end(text: &str) -> usize {
    let mut before_space = true;
    for (at, c) in text.char_indices() {
        if c == '<' && header(&text[at..]).is_some() {
            return at;
        }
        if before_space && at > 0 && !c.is_whitespace() {
            let name = word(&text[at..]);
            if !name.is_empty() && text[at + name.len()..].starts_with('=') {
                return at;
            }
        }
        before_space = c.is_whitespace();
    }
    text.len()
}

/// The text without `// ...` and `/* ... */`, its lines kept.
fn without_comments(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('/') {
        plain += &rest[..at];
        rest = &rest[at..];
        if rest.starts_with("//") {
            rest = rest.find(['\n', '\r']).map_or("", |end| &rest[end..]);
        } else if let Some(inside) = rest.strip_prefix("/*") {
            let end = inside.find("*/").map_or(inside.len(), |end| end + 2);
            plain.extend(inside[..end].matches('\n'));
            rest = &inside[end..];
        } else {
            plain.push('/');
            rest = &rest[1..];
        }
    }
    (plain + rest).replace('\r', "\n")
}

/// A MIDI number, or a note with middle C as `c4`.
pub(super) fn key_of(text: &str) -> Option<i32> {
    if let Ok(number) = text.parse::<f32>() {
        return Some(number.clamp(-1_000.0, 1_000.0) as i32);
    }
    note_number(text)
}

#[cfg(test)]
mod tests {
    use super::key_of;

    #[test]
    fn keys_are_numbers_or_notes() {
        let table =
            [("60", Some(60)), ("c4", Some(60)), ("C#4", Some(61)), ("db4", Some(61)), ("a-1", Some(9))];
        let none = [("", None), ("h4", None), ("c", None), ("c99999999999", None), ("-1", Some(-1))];
        for (text, expected) in table.into_iter().chain(none) {
            assert_eq!(key_of(text), expected, "{text}");
        }
    }
}
