//! Neume: an instrument that plays what you draw.

pub mod handoff;
pub mod state;
