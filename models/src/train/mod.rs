//! Training: everything is in memory, the caller opens and writes the files.

pub mod adam;
pub mod labels;
pub mod sound;
pub mod sound_augment;
pub mod sound_eval;
