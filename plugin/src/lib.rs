//! Neume: an instrument that plays what you draw.

pub mod engine;
pub mod handoff;
pub mod state;
