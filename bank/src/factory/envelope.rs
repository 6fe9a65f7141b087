//! How a level moves over time, as pure functions of the time in seconds.

/// Exponential approach to 1 with time constant `rise_secs`.
pub fn rise(secs: f32, rise_secs: f32) -> f32 {
    if secs <= 0.0 {
        0.0
    } else if secs > 11.0 * rise_secs {
        1.0
    } else {
        1.0 - libm::expf(-secs / rise_secs)
    }
}

/// Exponential decay from 1 with time constant `fall_secs`; 0 before the start, and when nothing is left.
pub fn fall(secs: f32, fall_secs: f32) -> f32 {
    if secs < 0.0 || secs > 30.0 * fall_secs { 0.0 } else { libm::expf(-secs / fall_secs) }
}

/// A smooth step from 0 at `from_secs` to 1 at `to_secs`.
pub fn step(secs: f32, from_secs: f32, to_secs: f32) -> f32 {
    let x = ((secs - from_secs) / (to_secs - from_secs)).clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

/// A short burst: rises within `rise_secs`, then falls with time constant `fall_secs`.
pub fn burst(secs: f32, rise_secs: f32, fall_secs: f32) -> f32 {
    step(secs, 0.0, rise_secs) * fall((secs - rise_secs).max(0.0), fall_secs)
}

/// The gain of a level in dB.
pub fn gain(db: f32) -> f32 {
    libm::expf(db * (core::f32::consts::LN_10 / 20.0))
}

/// Time constant of an exponential that loses 60 dB in `secs`.
pub fn time_constant_secs(t60_secs: f32) -> f32 {
    t60_secs / 6.908
}
