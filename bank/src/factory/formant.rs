//! Resonances of a mouth, a bell or a body as a curve of gain over frequency.

/// A gain for every frequency, by table.
#[derive(Debug, Clone)]
pub struct Curve {
    gains: Vec<f32>,
}

const STEP_HZ: f32 = 20.0;

impl Curve {
    /// Tabulates a gain over frequency in Hz, up to 20 kHz.
    pub fn new(gain: impl Fn(f32) -> f32) -> Curve {
        Curve { gains: (0..=1001).map(|i| gain(i as f32 * STEP_HZ)).collect() }
    }

    /// The sum of resonances, each a centre in Hz, a bandwidth in Hz and a gain in dB, over a `floor` (linear).
    pub fn formants(resonances: &[(f32, f32, f32)], floor: f32) -> Curve {
        Curve::new(|hz| floor + resonance_sum(resonances, hz))
    }

    /// The gain at a frequency.
    #[inline]
    pub fn at(&self, hz: f32) -> f32 {
        let place = (hz / STEP_HZ).clamp(0.0, 1000.0);
        let i = place as usize;
        let rest = place - i as f32;
        self.gains[i] + (self.gains[i + 1] - self.gains[i]) * rest
    }
}

fn resonance_sum(resonances: &[(f32, f32, f32)], hz: f32) -> f32 {
    resonances
        .iter()
        .map(|&(centre_hz, width_hz, db)| {
            let off = (hz - centre_hz) / (0.5 * width_hz);
            super::envelope::gain(db) / (1.0 + off * off).sqrt()
        })
        .sum()
}

/// Formants of sung vowels: centre in Hz, bandwidth in Hz, level in dB.
pub type Vowel = [(f32, f32, f32); 5];

/// Vowels of a tenor and a soprano, rounded from the tables in the Csound manual (appendix D).
pub const TENOR_AH: Vowel = [
    (650.0, 80.0, 0.0),
    (1080.0, 90.0, -6.0),
    (2650.0, 120.0, -7.0),
    (2900.0, 130.0, -8.0),
    (3250.0, 140.0, -22.0),
];
pub const TENOR_OH: Vowel = [
    (400.0, 70.0, 0.0),
    (800.0, 80.0, -10.0),
    (2600.0, 100.0, -12.0),
    (2800.0, 130.0, -12.0),
    (3000.0, 135.0, -26.0),
];
pub const BASS_OO: Vowel = [
    (350.0, 40.0, 0.0),
    (600.0, 80.0, -20.0),
    (2400.0, 100.0, -32.0),
    (2675.0, 120.0, -28.0),
    (2950.0, 120.0, -36.0),
];
pub const SOPRANO_OO: Vowel = [
    (325.0, 50.0, 0.0),
    (700.0, 60.0, -16.0),
    (2700.0, 170.0, -35.0),
    (3800.0, 180.0, -40.0),
    (4950.0, 200.0, -60.0),
];
pub const SOPRANO_AH: Vowel = [
    (800.0, 80.0, 0.0),
    (1150.0, 90.0, -6.0),
    (2900.0, 120.0, -32.0),
    (3900.0, 130.0, -20.0),
    (4950.0, 140.0, -50.0),
];
