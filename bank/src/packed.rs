//! Long rows of numbers as short text, for the index: bytes, or floats to the last bit, in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

/// What can be packed.
pub(crate) trait Packed: Sized {
    fn to_bytes(&self) -> Vec<u8>;

    /// `None` where bytes are missing or too many.
    fn of_bytes(bytes: &[u8]) -> Option<Self>;
}

impl Packed for Vec<u8> {
    fn to_bytes(&self) -> Vec<u8> {
        self.clone()
    }

    fn of_bytes(bytes: &[u8]) -> Option<Vec<u8>> {
        Some(bytes.to_vec())
    }
}

impl Packed for neume_models::Embedding {
    fn to_bytes(&self) -> Vec<u8> {
        self.as_slice().iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        floats(bytes).map(|raw| neume_models::Embedding::from_raw(&raw))
    }
}

impl Packed for neume_models::Families {
    fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        floats(bytes).map(neume_models::Families)
    }
}

fn floats<const LEN: usize>(bytes: &[u8]) -> Option<[f32; LEN]> {
    if bytes.len() != 4 * LEN {
        return None;
    }
    let mut floats = [0.0; LEN];
    for (float, bytes) in floats.iter_mut().zip(bytes.chunks_exact(4)) {
        *float = f32::from_le_bytes(bytes.try_into().ok()?);
    }
    floats.iter().all(|float| float.is_finite()).then_some(floats)
}

/// For serde.
pub(crate) fn serialize<P: Packed, S: Serializer>(packed: &P, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD_NO_PAD.encode(packed.to_bytes()))
}

/// For serde.
pub(crate) fn deserialize<'de, P: Packed, D: Deserializer<'de>>(deserializer: D) -> Result<P, D::Error> {
    struct Text<P>(std::marker::PhantomData<P>);

    impl<P: Packed> Visitor<'_> for Text<P> {
        type Value = P;

        fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
            f.write_str("numbers in base64")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<P, E> {
            let bytes = STANDARD_NO_PAD.decode(text).map_err(E::custom)?;
            P::of_bytes(&bytes).ok_or_else(|| E::custom("numbers that are too few, too many or not finite"))
        }
    }

    deserializer.deserialize_str(Text(std::marker::PhantomData))
}
