//! The Engine from outside: what it plays, that no block boundary and no change is heard, and that it takes no memory.

mod blocks;
mod clicks;
mod controllers;
mod envelope;
mod modulation;
mod notes;
mod pitch;
mod points;
mod realtime;
mod release;
mod rig;
mod starts;
mod streaming;
mod tone;
mod zones;
