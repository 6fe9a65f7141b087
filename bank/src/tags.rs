//! What the tags of a sound file say, as words to find it by: title, artist, album, genre, comment and the like, and the
//! description of a broadcast wave.
//!
//! Tags are untrusted. A tag that is damaged says nothing, and never costs the sound.

use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};

use lofty::config::ParseOptions;
use lofty::file::TaggedFileExt as _;
use lofty::probe::Probe;
use lofty::tag::ItemKey;

use crate::chunks;
use crate::content::Content;

/// Longest text in bytes that is kept of a file.
const MOST_BYTES: usize = 2_000;

/// What is told of a sound; numbers, dates and programs are not.
const TOLD: [ItemKey; 16] = [
    ItemKey::TrackTitle,
    ItemKey::TrackSubtitle,
    ItemKey::TrackArtist,
    ItemKey::AlbumTitle,
    ItemKey::AlbumArtist,
    ItemKey::ContentGroup,
    ItemKey::Composer,
    ItemKey::Performer,
    ItemKey::Producer,
    ItemKey::Label,
    ItemKey::Publisher,
    ItemKey::Genre,
    ItemKey::Mood,
    ItemKey::Comment,
    ItemKey::Description,
    ItemKey::OriginalFileName,
];

/// A line for each thing that the tags in a file's content say, each once; empty where there are none.
pub(crate) fn of(content: &Content) -> String {
    let read = catch_unwind(AssertUnwindSafe(|| told(content))).unwrap_or_default();
    let mut lines: Vec<String> = Vec::new();
    for text in chunks::described(content).into_iter().chain(read) {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_known = line.is_empty() || lines.contains(&line);
        if !is_known && lines.iter().map(String::len).sum::<usize>() + line.len() <= MOST_BYTES {
            lines.push(line);
        }
    }
    lines.join("\n")
}

fn told(content: &Content) -> Vec<String> {
    let options = ParseOptions::new().read_properties(false).read_cover_art(false);
    let Ok(reader) = content.reader() else { return Vec::new() };
    let probe = Probe::new(BufReader::new(reader)).options(options);
    let Some(file) = probe.guess_file_type().ok().and_then(|probe| probe.read().ok()) else {
        return Vec::new();
    };
    let items = file.tags().iter().flat_map(lofty::tag::Tag::items);
    let told = items.filter(|item| TOLD.contains(&item.key()));
    told.filter_map(|item| item.value().text().map(str::to_string)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WAVE".to_vec();
        for (name, body) in chunks {
            file.extend(*name);
            file.extend((body.len() as u32).to_le_bytes());
            file.extend(*body);
            file.resize(file.len() + (body.len() & 1), 0);
        }
        let length = (file.len() - 8) as u32;
        file[4..8].copy_from_slice(&length.to_le_bytes());
        file
    }

    fn of(bytes: &[u8]) -> String {
        super::of(&Content::of(bytes.to_vec()))
    }

    const FORMAT: &[u8] = &[1, 0, 1, 0, 0x22, 0x56, 0, 0, 0x44, 0xac, 0, 0, 2, 0, 16, 0];

    #[test]
    fn the_tags_of_a_wave_and_its_description_are_told_once() {
        let mut broadcast = vec![0u8; 602];
        broadcast[..16].copy_from_slice(b"Bowed in a  cave");
        broadcast[256..262].copy_from_slice(b"Sylvie");
        let info = b"INFOINAM\x04\0\0\0caveICMT\x0c\0\0\0wet, distantISFT\x04\0\0\0Prog";
        let file = wave(&[(b"fmt ", FORMAT), (b"bext", &broadcast), (b"LIST", info), (b"data", &[0; 8])]);
        assert_eq!(of(&file), "Bowed in a cave\nSylvie\ncave\nwet, distant");
    }

    #[test]
    fn damaged_tags_say_nothing_and_harm_nothing() {
        let info = b"INFOINAM\xff\xff\xff\xffcave";
        let whole = wave(&[(b"fmt ", FORMAT), (b"LIST", info), (b"bext", b"short"), (b"data", &[0; 8])]);
        for end in 0..whole.len() {
            of(&whole[..end]);
        }
        assert_eq!(of(b"ID3\x04\0\0\x7f\x7f\x7f\x7f"), "");
        assert_eq!(of(b""), "");
    }
}
