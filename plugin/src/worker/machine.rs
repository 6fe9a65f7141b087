//! What the machine gives to the whole process: a device for the networks, memory for the sounds.

use super::Worker;
use crate::device::{self, Device};
use crate::handoff::{DeviceView, MemoryView};
use crate::memory::{self, Budget};

impl Worker {
    /// Runs the networks elsewhere. Only what can be had is remembered.
    pub(super) fn choose_device(&mut self, device: Device) {
        self.machine_notice = None;
        if let Err(cause) = self.library.choose_device(device).and_then(|()| device::remember(device)) {
            self.view.notice = Some(cause);
        }
    }

    /// Gives the sounds of all instances more memory or less. What is being played stays.
    pub(super) fn choose_memory(&mut self, budget: Budget) {
        if let Err(cause) = memory::choose(budget) {
            self.view.notice = Some(cause);
        }
        self.library.make_room();
    }

    /// Another instance may have chosen otherwise, a device may fail, and sounds come and go.
    pub(super) fn look_at_machine(&mut self) {
        let (device, name) = self.library.device();
        let device = DeviceView { device, name, has_other: device::has_other() };
        let memory =
            MemoryView { budget: memory::budget(), held_mb: (self.library.bytes_held() >> 20) as u32 };
        let notice = self.library.machine_notice();
        if notice.is_some() || device != self.view.device || memory != self.view.memory {
            self.machine_notice = notice.or(self.machine_notice.take());
            self.view.device = device;
            self.view.memory = memory;
            self.publish();
        }
    }
}
