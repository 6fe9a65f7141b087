//! Where the Worker's own code panics, it says so and goes on, so that nobody waits for an answer in vain.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Worker;

impl Worker {
    /// Does a piece of work. If that panics, the failure is shown, and what has been done of it stays.
    pub(super) fn guarded(&mut self, work: impl FnOnce(&mut Worker)) {
        let Err(panic) = catch_unwind(AssertUnwindSafe(|| work(self))) else { return };
        let said = panic.downcast_ref::<&str>().map(ToString::to_string);
        let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        self.view.notice = Some(format!("a part of Neume failed, the last sounds stay: {said}"));
        // It would fail again at once.
        self.practises = false;
        self.publish();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use neume_bank::{Bank, Instrument, Zone};

    use super::super::{Library, Next, Worker, choice};
    use crate::handoff::{Request, ends};

    #[test]
    fn a_request_that_panics_is_answered_and_shown_and_the_worker_goes_on() {
        let factory = Bank::factory();
        let name = "broken".to_string();
        let instrument = Instrument { name, zones: vec![Zone::everywhere(0, 60.0)], is_told: true };
        let mut bank = Bank::new("broken", None, vec![factory.sounds[0].clone()], vec![instrument]);
        bank.instruments[0].zones.insert(0, Zone::everywhere(9, 60.0));
        let sound = bank.sounds[0].id;
        let (editor, end, _engine) = ends();
        let mut worker = Worker { bank: Arc::new(bank), ..Worker::new(end, Library::shared()) };
        worker.slots[0].reading = Some(Ok(choice::undrawn(60.0)));
        let mut answer = |request| {
            editor.requests.send(request);
            let waiting = worker.requests.recv().unwrap();
            assert!(worker.answer_all(waiting) == Next::GoOn);
            assert!(editor.requests.answered());
            editor.view.lock().notice.clone().unwrap_or_default()
        };
        let notice = answer(Request::Choose { slot: 0, sound, instrument: None });
        assert!(notice.contains("failed"), "{notice}");
        assert_eq!(answer(Request::Notice("it goes on".to_string())), "it goes on");
    }
}
