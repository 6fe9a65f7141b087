//! A sound that is heard once, without being chosen.

use std::sync::Arc;

use neume_bank::SoundId;

use super::Worker;
use super::choice::{Found, alone, playable, undrawn};
use crate::handoff::ToEngine;

impl Worker {
    /// Lets a sound be heard at its root, as the instrument of that name.
    pub(super) fn audition(&mut self, sound: SoundId, instrument: Option<String>) {
        let Some(rate_hz) = self.rate_hz else { return };
        let reading = self.slots.iter().find_map(|slot| slot.reading.as_ref()?.as_ref().ok()).cloned();
        let reading = reading.unwrap_or_else(|| undrawn(60.0));
        let found = Found { bank: self.bank.clone(), from: self.bank_ref.clone(), sound, instrument };
        let spoken = self.document.get().language.spoken;
        let Some(alone) = alone(&found, &reading, &spoken) else { return };
        let is_leaving = |_| self.pending.is_leaving();
        match playable(&self.library, &alone, rate_hz, &is_leaving) {
            Ok(loaded) => self.outbox.post(ToEngine::Audition(Arc::new(loaded))),
            Err(missing) => self.view.notice = Some(missing.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use neume_bank::{Bank, Instrument, Zone};

    use super::*;
    use crate::handoff::{Request, ends};
    use crate::library::Library;

    #[test]
    fn a_sound_of_several_instruments_is_heard_as_the_one_that_is_pointed_at() {
        let told = |name: &str, root_midi| Instrument {
            name: name.to_string(),
            zones: vec![Zone::everywhere(0, root_midi)],
            is_told: true,
        };
        let sounds = vec![Bank::factory().sounds[0].clone()];
        let sound = sounds[0].id;
        let bank = Bank::new("shared", None, sounds, vec![told("Violin", 60.0), told("Viola", 53.0)]);
        let (_editor, end, mut engine) = ends();
        let mut worker =
            Worker { bank: Arc::new(bank), rate_hz: Some(48_000.0), ..Worker::new(end, Library::shared()) };
        for (instrument, root_midi) in [(None, 60.0), (Some("Viola"), 53.0)] {
            worker.answer(Request::Audition { sound, instrument: instrument.map(str::to_string) });
            worker.outbox.flush();
            let Ok(ToEngine::Audition(heard)) = engine.messages.pop() else {
                panic!("{:?}", worker.view.notice)
            };
            assert_eq!(heard.zones[0].root_midi, root_midi, "{instrument:?}");
        }
    }
}
