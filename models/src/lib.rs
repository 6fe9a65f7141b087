//! What Neume learns: sketches and how they become pixels, sounds and how they become features, and the
//! small networks that read both in the same terms.
//!
//! Pure computation: nothing here opens a file, starts a thread or knows a path. Weights arrive as bytes.

mod contour;
pub mod conv;
pub mod device;
pub mod ear;
pub mod echo;
pub mod embedding;
mod erase;
pub mod error;
pub mod excerpt;
pub mod family;
mod feature_map;
pub mod features;
mod fuse;
pub mod ink;
mod jpeg_end;
pub mod legend;
pub mod likeness;
pub mod measures;
pub mod paper;
pub mod raster;
pub mod reading;
pub mod sign_net;
pub mod sketch;
mod sketch_file;
pub mod sketch_net;
pub mod sound_net;
mod stages;
mod stroke_width;
#[cfg(feature = "train")]
pub mod train;
pub mod weights;

pub use embedding::Embedding;
pub use error::Error;
pub use family::{Families, Family};
pub use legend::{Legend, Scale};
pub use raster::NetworkInput;
pub use reading::{ContourPoint, Loudness, Pitch, Reading, Timbre};
pub use sign_net::{SignEmbedding, SignInput, SignNet};
pub use sketch::{Point, RasterLayer, Rgb, Sketch, Stroke};
pub use sketch_net::SketchNet;
pub use sound_net::{SoundLabels, SoundNet};
