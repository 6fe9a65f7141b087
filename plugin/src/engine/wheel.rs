//! The pitch wheel of zones that say themselves how far it takes them.

use neume_bank::Manner;

use super::channel::Bend;
use super::reader::CHUNK;
use super::settings::within;

/// How far the pitch wheel takes a zone down and up, beside the others.
#[derive(Debug, Clone, Copy)]
pub struct Wheel {
    down: f64,
    up: f64,
}

impl Wheel {
    /// That of a zone which says how far.
    pub fn of(manner: &Manner) -> Option<Wheel> {
        let (down, up) = manner.bend_semitones?;
        let share = |semitones: f32, usual: f32| f64::from(within(semitones, -120.0, 120.0, usual) / usual);
        let usual = Manner::USUAL_BEND;
        Some(Wheel { down: share(down, usual.0), up: share(up, usual.1) })
    }

    /// What it makes of a bend, as a ratio.
    pub fn ratio(self, bend: f64) -> f64 {
        if bend == 1.0 { 1.0 } else { bend.powf(if bend > 1.0 { self.up } else { self.down }) }
    }

    /// The bend of the coming frames with the pitch wheel's part of it, which is `bend`, taken further or less far.
    pub fn turned<'a>(self, bend: Bend, all: Bend, ratios: &'a mut [f64; CHUNK]) -> Bend<'a> {
        if let (Bend::Still(bend), Bend::Still(all)) = (bend, all) {
            return Bend::Still(all / bend * self.ratio(bend));
        }
        for (i, ratio) in ratios.iter_mut().enumerate() {
            *ratio = all.at(i) / bend.at(i) * self.ratio(bend.at(i));
        }
        Bend::Moving(ratios)
    }
}
