//! Whether a JPEG file goes to its end. Decoders fill what is missing with grey, which would be read as a drawing.

/// Whether the file is a JPEG that stops before its end. What lies behind the end, such as the film of a moving photograph, does
/// not matter. (ITU-T T.81, section B.1.)
pub fn is_cut_short(file: &[u8]) -> bool {
    let Some(mut rest) = file.strip_prefix(&[0xFF, 0xD8]) else { return false };
    loop {
        // Any number of fill bytes may stand before a marker.
        let Some(marker) = rest.iter().position(|byte| *byte != 0xFF) else { return true };
        if marker == 0 {
            // No marker is here: the decoder says what it thinks of that.
            return false;
        }
        let code = rest[marker];
        rest = &rest[marker + 1..];
        match code {
            0xD9 => return false,
            // Markers that stand alone.
            0x01 | 0xD0..=0xD8 => continue,
            _ => {}
        }
        let Some((length, _)) = rest.split_first_chunk::<2>() else { return true };
        let length = usize::from(u16::from_be_bytes(*length));
        let Some(behind) = rest.get(length.max(2)..) else { return true };
        rest = behind;
        if code == 0xDA {
            // The picture itself: up to the next marker, but for restarts and stuffed bytes.
            let is_marker = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xD0..=0xD7 | 0xFF);
            let Some(next) = rest.windows(2).position(is_marker) else { return true };
            rest = &rest[next..];
        }
    }
}
