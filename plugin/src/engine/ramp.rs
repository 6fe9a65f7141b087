//! A number that moves in a straight line instead of stepping.

/// Glides linearly to its target, one step a frame, and arrives exactly. What it gives at a frame depends on the
/// frames since the glide began and on nothing else, so blocks may be cut anywhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ramp {
    target: f64,
    slope: f64,
    left_frames: u32,
}

impl Ramp {
    pub fn at(value: f64) -> Ramp {
        Ramp { target: value, slope: 0.0, left_frames: 0 }
    }

    /// Heads for `target` from where it is now, to arrive after `frames`.
    pub fn glide(&mut self, target: f64, frames: u32) {
        if target == self.target {
            return;
        }
        let slope = (target - self.value()) / f64::from(frames.max(1));
        *self = Ramp { target, slope, left_frames: frames };
    }

    pub fn is_moving(&self) -> bool {
        self.left_frames > 0
    }

    pub fn value(&self) -> f64 {
        self.target - self.slope * f64::from(self.left_frames)
    }

    /// The value of this frame; moves on to the next.
    pub fn next(&mut self) -> f64 {
        let value = self.value();
        self.step();
        value
    }

    /// Moves on by a frame.
    pub fn step(&mut self) {
        self.skip(1);
    }

    /// Moves on by so many frames.
    pub fn skip(&mut self, frames: u32) {
        self.left_frames = self.left_frames.saturating_sub(frames);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glide_starts_where_it_was_and_arrives_exactly() {
        let mut ramp = Ramp::at(0.3);
        ramp.glide(0.7, 10);
        let path: Vec<f64> = (0..12).map(|_| ramp.next()).collect();
        assert!((path[0] - 0.3).abs() < 1e-12);
        assert_eq!(path[10..], [0.7, 0.7]);
        assert!(path.windows(2).take(10).all(|w| (w[1] - w[0] - 0.04).abs() < 1e-12));
    }

    #[test]
    fn a_new_target_leaves_from_the_present_value() {
        let mut ramp = Ramp::at(0.0);
        ramp.glide(1.0, 10);
        for _ in 0..5 {
            ramp.next();
        }
        let before = ramp.value();
        ramp.glide(-1.0, 10);
        assert!((ramp.value() - before).abs() < 1e-12);
    }
}
