//! What of a zone is settled when a note begins: numbers that controllers, velocity and key move from note to note.

use neume_bank::{Envelope, Filter, Lfo, Manner, ModulationEnvelope, Moves, Onset as Settles, Stage};

use super::channel::Controls;

/// The numbers of a zone that hold for one note.
#[derive(Debug, Clone, Copy)]
pub(super) struct Onset {
    pub envelope: Option<Envelope>,
    pub velocity_tracking: Option<f32>,
    pub filter: Option<Filter>,
    pub second_filter: Option<Filter>,
    pub lfos: [Option<Lfo>; Manner::MOST_LFOS],
    pub modulation_envelopes: [Option<ModulationEnvelope>; Manner::MOST_MODULATION_ENVELOPES],
    /// How far into its part of the sound the note begins, in frames of its [`neume_bank::LateStart`].
    pub start_frames: f32,
}

impl Onset {
    /// Those of a zone, with the controllers where they stand now.
    pub fn of(manner: &Manner, controls: Controls) -> Onset {
        let mut onset = Onset {
            envelope: manner.envelope,
            velocity_tracking: manner.velocity_tracking,
            filter: manner.filter,
            second_filter: manner.second_filter,
            lfos: manner.lfos,
            modulation_envelopes: manner.modulation_envelopes,
            start_frames: manner.late_start.map_or(0.0, |late| late.frames as f32),
        };
        for follow in manner.follows.iter() {
            if let Moves::Onset(what) = follow.moves {
                onset.settle(what, follow.by(controls.stands(follow.controller, 0)));
            }
        }
        if let (Some(envelope), Some(said)) = (&mut onset.envelope, manner.envelope)
            && envelope.sustain_norm != said.sustain_norm
        {
            // A decay falls as steeply, wherever it ends.
            let steeper = envelope.decay_db() / said.decay_db().max(1e-3);
            envelope.decay_secs *= steeper;
        }
        onset.lfos = onset.lfos.map(|lfo| lfo.map(Lfo::bounded));
        onset.modulation_envelopes = onset.modulation_envelopes.map(|it| it.map(ModulationEnvelope::bounded));
        onset
    }

    fn settle(&mut self, what: Settles, by: f32) {
        let lfo = |lfos: &mut [Option<Lfo>], place: u8, settle: fn(&mut Lfo, f32)| {
            let lfo = lfos.get_mut(usize::from(place)).and_then(Option::as_mut);
            lfo.into_iter().for_each(|lfo| settle(lfo, by));
        };
        match what {
            Settles::Envelope(stage) => {
                let Some(envelope) = &mut self.envelope else { return };
                let Envelope { delay_secs, attack_secs, hold_secs, decay_secs, sustain_norm, release_secs } =
                    envelope;
                *part(stage, [delay_secs, attack_secs, hold_secs, decay_secs, sustain_norm, release_secs]) +=
                    by;
                if stage == Stage::Sustain {
                    envelope.sustain_norm = envelope.sustain_norm.clamp(0.0, 1.0);
                }
            }
            Settles::ModulationEnvelope(place, stage) => {
                let place = self.modulation_envelopes.get_mut(usize::from(place));
                let Some(it) = place.and_then(Option::as_mut) else { return };
                let [delay, attack, hold] = [&mut it.delay_secs, &mut it.attack_secs, &mut it.hold_secs];
                let [decay, sustain, release] =
                    [&mut it.decay_secs, &mut it.sustain_norm, &mut it.release_secs];
                *part(stage, [delay, attack, hold, decay, sustain, release]) += by;
            }
            Settles::LfoDelaySecs(place) => lfo(&mut self.lfos, place, |lfo, by| lfo.delay_secs += by),
            Settles::LfoFadeSecs(place) => lfo(&mut self.lfos, place, |lfo, by| lfo.fade_secs += by),
            Settles::LfoPhase(place) => {
                lfo(&mut self.lfos, place, |lfo, by| lfo.phase = (lfo.phase + by).rem_euclid(1.0));
            }
            Settles::VelocityTracking => {
                self.velocity_tracking.iter_mut().for_each(|share| *share += by);
            }
            Settles::ResonanceDb => self.filter.iter_mut().for_each(|filter| filter.resonance_db += by),
            Settles::VelocityToCutoffCents => {
                self.filter.iter_mut().for_each(|filter| filter.velocity_tracking_cents += by);
            }
            Settles::SecondResonanceDb => {
                self.second_filter.iter_mut().for_each(|filter| filter.resonance_db += by);
            }
            Settles::SecondVelocityToCutoffCents => {
                self.second_filter.iter_mut().for_each(|filter| filter.velocity_tracking_cents += by);
            }
            Settles::StartFrames => self.start_frames += by,
            // As the note leaves for that point.
            Settles::PointSecs(..) | Settles::PointLevel(..) => {}
        }
    }
}

/// The number of an envelope that a stage stands for, out of those of all stages in their order.
fn part(stage: Stage, [delay, attack, hold, decay, sustain, release]: [&mut f32; 6]) -> &mut f32 {
    match stage {
        Stage::Delay => delay,
        Stage::Attack => attack,
        Stage::Hold => hold,
        Stage::Decay => decay,
        Stage::Sustain => sustain,
        Stage::Release => release,
    }
}
