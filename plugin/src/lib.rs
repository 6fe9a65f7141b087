//! Neume: an instrument that plays what you draw.

pub mod editor;
pub mod engine;
pub mod handoff;
pub mod state;
