//! The three networks of a process, on the device that was chosen. The CPU is always there: where another device cannot
//! be had, or fails later, the CPU serves from then on and one message says why. Networks that the composer trained
//! (`own_weights.rs`) go before those that are built in.
//!
//! Called by the Workers, the scans and the `neume` command; never by the Engine or the Editor.

use std::sync::{Arc, OnceLock};

use neume_models::device::{Device as Place, Network, Placed, metal};
use neume_models::sketch_net::{Answers, SketchOutput};
use neume_models::{Error, NetworkInput, SignEmbedding, SignInput, SignNet, SketchNet, SoundNet};
use parking_lot::Mutex;

use crate::cuda::Cuda;
use crate::device::{self, Device};
use crate::own_weights::OwnWeights;

/// The networks, wherever they run.
#[derive(Default)]
pub struct Networks {
    sketch: OnceLock<Result<SketchNet, Error>>,
    sign: OnceLock<Result<SignNet, Error>>,
    sound: OnceLock<Result<Arc<SoundNet>, Error>>,
    /// Those that the composer trained go before them.
    own: OnceLock<OwnWeights>,
    serving: Mutex<Serving>,
}

/// Who serves. Behind a lock that is held while a device opens, so that it is opened once.
#[derive(Default)]
struct Serving {
    /// Whether anybody was asked yet.
    is_decided: bool,
    /// The device, unless it is the CPU.
    away: Option<Arc<Away>>,
    /// What nobody has been told yet.
    notice: Option<String>,
}

/// Runs networks on another device than the CPU: numbers in, numbers out.
trait Runs: Send + Sync {
    fn forward(&self, network: Network, input: &[f32]) -> Result<Vec<f32>, Error>;
}

impl Runs for Cuda {
    fn forward(&self, network: Network, input: &[f32]) -> Result<Vec<f32>, Error> {
        self.forward(network, input)
    }
}

/// The networks on a device that candle knows in this very program: Metal.
impl Runs for [Placed; Network::ALL.len()] {
    fn forward(&self, network: Network, input: &[f32]) -> Result<Vec<f32>, Error> {
        self[network as usize].forward(input)
    }
}

/// Another device than the CPU.
struct Away {
    device: Device,
    name: String,
    runs: Box<dyn Runs>,
    /// Why it serves no more.
    lost: OnceLock<String>,
    /// Serves sounds if it is lost while a bank is being scanned.
    spare: OnceLock<Result<Placed, Error>>,
}

impl Away {
    fn new(device: Device, name: String, runs: Box<dyn Runs>) -> Away {
        Away { device, name, runs, lost: OnceLock::new(), spare: OnceLock::new() }
    }

    /// `None` if it is lost: the CPU has to say it.
    fn forward(&self, network: Network, input: &[f32]) -> Option<Vec<f32>> {
        if self.lost.get().is_some() {
            return None;
        }
        let lost = |cause: Error| self.lost.set(cause.to_string());
        // Of several threads that lose it at once, the first one says why.
        self.runs.forward(network, input).map_err(|cause| lost(cause).ok()).ok()
    }

    fn hear(&self, input: &[f32]) -> Result<Vec<f32>, Error> {
        if let Some(heard) = self.forward(Network::Sound, input) {
            return Ok(heard);
        }
        let on_cpu = || Placed::new(Network::Sound, Network::Sound.weights(), &Place::Cpu);
        self.spare.get_or_init(on_cpu).as_ref().map_err(Clone::clone)?.forward(input)
    }
}

impl Networks {
    /// Chooses a device for the whole process. Where it cannot be had, the CPU serves.
    ///
    /// # Errors
    /// One line that says so, with file and cause.
    pub fn choose(&self, device: Device) -> Result<(), String> {
        let mut serving = self.serving.lock();
        serving.is_decided = true;
        serving.notice = None;
        if serving.away.as_ref().map_or(Device::Cpu, |away| away.device) == device {
            return Ok(());
        }
        // What served before gives back its memory first.
        serving.away = None;
        serving.away = open(device).map_err(instead)?;
        Ok(())
    }

    /// What serves: its kind, and its name for the eye. Opens what the surroundings ask for, if nothing was chosen.
    pub fn device(&self) -> (Device, String) {
        match self.away() {
            Some(away) => (away.device, format!("{}: {}", away.device, away.name)),
            None => (Device::Cpu, Device::Cpu.to_string()),
        }
    }

    /// Why the CPU serves although another device was asked for; said once in a process.
    pub fn take_notice(&self) -> Option<String> {
        let mut serving = self.serving.lock();
        serving.let_go_of_the_lost();
        serving.notice.take()
    }

    /// What the sketch network says of a drawing.
    ///
    /// # Errors
    /// Weights that do not load.
    pub fn answers(&self, input: NetworkInput) -> Result<Answers, Error> {
        let is_certain = input.is_certain;
        let own = self.own().sketch.as_ref();
        let answers = Answers::of_looks(&input, |pixels| {
            if let Some(net) = own {
                return net.look(pixels, is_certain);
            }
            match self.forward(Network::Sketch, pixels) {
                Some(numbers) => Answers::of(&SketchOutput::of_numbers(&numbers)?, 0, pixels, is_certain),
                None => {
                    let net = self.sketch.get_or_init(SketchNet::embedded);
                    net.as_ref().map_err(Clone::clone)?.look(pixels, is_certain)
                }
            }
        });
        input.recycle();
        answers
    }

    /// Where a shape lies among shapes.
    ///
    /// # Errors
    /// Weights that do not load.
    pub fn embed(&self, shape: &SignInput) -> Result<SignEmbedding, Error> {
        if let Some(net) = &self.own().sign {
            return net.embed(shape);
        }
        match self.forward(Network::Sign, &shape.pixels) {
            Some(numbers) => Ok(SignEmbedding::of_views(&numbers)),
            None => self.sign.get_or_init(SignNet::embedded).as_ref().map_err(Clone::clone)?.embed(shape),
        }
    }

    /// The network that labels sounds.
    ///
    /// # Errors
    /// Weights that do not load.
    pub fn sound(&self) -> Result<Arc<SoundNet>, Error> {
        if let Some(net) = &self.own().sound {
            return Ok(net.clone());
        }
        match self.away() {
            Some(away) => {
                let hear = move |input: &[f32]| away.hear(input);
                Ok(Arc::new(SoundNet::elsewhere(Network::Sound.weights(), Box::new(hear))?))
            }
            None => self.sound.get_or_init(|| SoundNet::embedded().map(Arc::new)).clone(),
        }
    }

    /// Those that the composer trained. What is wrong with them is said as other notices are.
    fn own(&self) -> &OwnWeights {
        self.own.get_or_init(|| {
            let own = OwnWeights::find();
            let mut serving = self.serving.lock();
            serving.notice = serving.notice.take().or(own.notice.clone());
            own
        })
    }

    /// `None` where the CPU serves.
    fn forward(&self, network: Network, input: &[f32]) -> Option<Vec<f32>> {
        self.away()?.forward(network, input)
    }

    fn away(&self) -> Option<Arc<Away>> {
        let mut serving = self.serving.lock();
        if !serving.is_decided {
            serving.is_decided = true;
            match device::asked_for().and_then(open) {
                Ok(away) => serving.away = away,
                Err(cause) => serving.notice = Some(instead(cause)),
            }
        }
        serving.let_go_of_the_lost();
        serving.away.clone()
    }
}

impl Serving {
    fn let_go_of_the_lost(&mut self) {
        if let Some(cause) = self.away.as_ref().and_then(|away| away.lost.get()).cloned() {
            self.away = None;
            self.notice = Some(instead(cause));
        }
    }
}

/// What the composer is told.
fn instead(cause: String) -> String {
    format!("{cause}; the networks run on the CPU")
}

/// Opens a device; `None` is the CPU.
fn open(device: Device) -> Result<Option<Arc<Away>>, String> {
    let away = match device {
        Device::Cpu => return Ok(None),
        Device::Cuda => {
            let cuda = Cuda::open()?;
            Away::new(device, cuda.name().to_string(), Box::new(cuda))
        }
        Device::Metal if cfg!(target_os = "macos") => {
            let placed = metal().and_then(|place| {
                let put = |network: Network| Placed::new(network, network.weights(), &place);
                Ok([put(Network::Sketch)?, put(Network::Sign)?, put(Network::Sound)?])
            });
            let placed = placed.map_err(|cause| format!("Metal: {cause}"))?;
            Away::new(device, "the first GPU".to_string(), Box::new(placed))
        }
        Device::Metal => return Err("Metal is built in on macOS only".to_string()),
    };
    Ok(Some(Arc::new(away)))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Runs the sign and the sound network on the CPU, but only so many times.
    struct Tires(AtomicUsize);

    impl Runs for Tires {
        fn forward(&self, network: Network, input: &[f32]) -> Result<Vec<f32>, Error> {
            let left = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            left.map_err(|_| Error::Network("the device is gone".to_string()))?;
            Placed::new(network, network.weights(), &Place::Cpu)?.forward(input)
        }
    }

    fn tiring(times: usize) -> Networks {
        let runs = Box::new(Tires(AtomicUsize::new(times)));
        let away = Some(Arc::new(Away::new(Device::Cuda, "one that tires".to_string(), runs)));
        let serving = Serving { is_decided: true, away, notice: None };
        Networks { serving: Mutex::new(serving), own: OwnWeights::default().into(), ..Networks::default() }
    }

    fn on_cpu() -> Networks {
        let serving = Serving { is_decided: true, ..Serving::default() };
        Networks { serving: Mutex::new(serving), own: OwnWeights::default().into(), ..Networks::default() }
    }

    fn shape() -> SignInput {
        let pixels = (0..Network::Sign.input_len()).map(|i| if i % 64 == i / 64 { 1.0 } else { 0.0 });
        SignInput { pixels: pixels.collect() }
    }

    const LOST: &str = "the network failed: the device is gone; the networks run on the CPU";

    #[test]
    fn a_device_that_fails_later_gives_way_to_the_cpu_with_one_message() {
        let (networks, cpu) = (tiring(1), on_cpu());
        assert_eq!(networks.device(), (Device::Cuda, "CUDA: one that tires".to_string()));
        let expected = cpu.embed(&shape()).unwrap();
        assert_eq!(networks.embed(&shape()).unwrap(), expected);
        assert_eq!(networks.take_notice(), None);
        assert_eq!(networks.embed(&shape()).unwrap(), expected, "the CPU says it");
        assert_eq!(networks.device(), (Device::Cpu, "CPU".to_string()));
        assert_eq!(networks.take_notice().as_deref(), Some(LOST));
        assert_eq!(networks.embed(&shape()).unwrap(), expected);
        assert_eq!(networks.take_notice(), None, "it is said once");
    }

    #[test]
    fn a_device_that_fails_during_a_scan_leaves_no_sound_unlabelled() {
        let (networks, cpu) = (tiring(1), on_cpu());
        let tone: Vec<f32> = (0..16_000).map(|i| (i as f32 * 0.1).sin() * 0.3).collect();
        let expected = cpu.sound().unwrap().label(&tone, 16_000).unwrap();
        let net = networks.sound().unwrap();
        for _ in 0..3 {
            assert_eq!(net.label(&tone, 16_000).unwrap(), expected);
        }
        assert_eq!(networks.take_notice().as_deref(), Some(LOST));
    }

    #[test]
    fn what_cannot_be_had_is_refused_and_the_cpu_serves() {
        let networks = tiring(9);
        let elsewhere = if cfg!(target_os = "macos") { Device::Cuda } else { Device::Metal };
        let told = networks.choose(elsewhere).unwrap_err();
        assert!(told.ends_with("; the networks run on the CPU"), "{told}");
        assert_eq!(networks.device().0, Device::Cpu);
        assert_eq!(networks.take_notice(), None, "who chose was told already");
        assert_eq!(networks.choose(Device::Cpu), Ok(()));
    }
}
