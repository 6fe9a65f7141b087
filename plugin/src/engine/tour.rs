//! How far a note has come on the way through the points of an envelope.

use neume_bank::{EnvelopePoint, PointEnvelope};

use super::settings::within;

/// A note on its way.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tour {
    /// The point that it is heading for.
    point: usize,
    /// When it left for it, in seconds of the note, and from which height.
    left_secs: f64,
    from: f32,
    /// How long that takes, and what is reached.
    secs: f64,
    to: f32,
    is_released: bool,
}

/// What controllers add to the seconds and to the level of a point of this number.
pub(super) type Settled<'a> = &'a dyn Fn(usize) -> (f32, f32);

impl Tour {
    /// At the start of a note.
    pub fn begin(envelope: &PointEnvelope, settled: Settled) -> Tour {
        let mut tour = Tour::default();
        tour.head_for(0, 0.0, envelope, settled);
        tour
    }

    /// The height after so many seconds of the note, whose key went up after `released` of them. Time only goes on.
    pub fn height(
        &mut self,
        envelope: &PointEnvelope,
        secs: f64,
        released: Option<f64>,
        settled: Settled,
    ) -> f32 {
        if let Some(released) = released.filter(|_| !self.is_released) {
            let height = self.come_to(envelope, released, settled);
            self.is_released = true;
            let next = usize::from(envelope.sustain) + 1;
            if self.point < next {
                self.from = height;
                self.head_for(next, released, envelope, settled);
            }
        }
        self.come_to(envelope, secs, settled)
    }

    /// Whether it has left the last point.
    pub fn is_over(&self, envelope: &PointEnvelope) -> bool {
        self.next(envelope).is_none()
    }

    fn next<'a>(&self, envelope: &'a PointEnvelope) -> Option<&'a EnvelopePoint> {
        envelope.points.get(self.point).filter(|_| self.point < PointEnvelope::MOST_POINTS)
    }

    fn come_to(&mut self, envelope: &PointEnvelope, secs: f64, settled: Settled) -> f32 {
        while let Some(point) = self.next(envelope) {
            let since = secs - self.left_secs;
            if since < self.secs {
                let done = point.done(since.max(0.0) / self.secs) as f32;
                return self.from + done * (self.to - self.from);
            }
            if self.point == usize::from(envelope.sustain) && !self.is_released {
                return self.to;
            }
            self.from = self.to;
            self.head_for(self.point + 1, self.left_secs + self.secs, envelope, settled);
        }
        0.0
    }

    fn head_for(&mut self, point: usize, secs: f64, envelope: &PointEnvelope, settled: Settled) {
        (self.point, self.left_secs) = (point, secs);
        if let Some(next) = self.next(envelope) {
            let (more_secs, higher) = settled(point);
            self.secs = f64::from(within(next.secs + more_secs, 0.0, 100.0, 0.0));
            self.to = within(next.level + higher, -100.0, 100.0, 0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(secs: f32, level: f32, shape: f32) -> EnvelopePoint {
        EnvelopePoint { secs, level, shape }
    }

    #[test]
    fn it_goes_from_point_to_point_stays_at_one_and_goes_on_when_the_key_is_up() {
        let points =
            vec![point(0.0, 1.0, 0.0), point(1.0, -1.0, 0.0), point(2.0, 0.5, 1.0), point(1.0, 1.0, -1.0)];
        let envelope = PointEnvelope { points, sustain: 2, ends_note: false };
        let plain = |_: usize| (0.0, 0.0);
        let mut tour = Tour::begin(&envelope, &plain);
        for (secs, expected) in [(0.0, 1.0), (0.5, 0.0), (1.0, -1.0), (2.0, -0.625), (3.0, 0.5), (50.0, 0.5)]
        {
            let height = tour.height(&envelope, secs, None, &plain);
            assert!((height - expected).abs() < 1e-6, "at {secs}: {height}");
        }
        for (secs, expected) in [(50.0, 0.5), (50.5, 0.875), (50.999_999, 1.0), (51.0, 0.0), (99.0, 0.0)] {
            let height = tour.height(&envelope, secs, Some(50.0), &plain);
            assert!((height - expected).abs() < 1e-5, "at {secs}: {height}");
        }
        assert!(tour.is_over(&envelope));
        let mut early = Tour::begin(&envelope, &plain);
        assert!(
            (early.height(&envelope, 0.75, Some(0.5), &plain) - 0.4375).abs() < 1e-6,
            "from where it was"
        );
    }

    #[test]
    fn what_controllers_add_is_settled_when_it_leaves_for_a_point() {
        let envelope = PointEnvelope {
            points: vec![point(0.0, 0.0, 0.0), point(1.0, 1.0, 0.0)],
            sustain: 1,
            ends_note: false,
        };
        let mut tour = Tour::begin(&envelope, &|_| (0.0, 0.0));
        let longer = |point| if point == 1 { (1.0, 1.0) } else { (0.0, 0.0) };
        assert_eq!(tour.height(&envelope, 1.0, None, &longer), 1.0);
        assert_eq!(tour.height(&envelope, 1.5, None, &|_| (9.0, 9.0)), 1.5);
    }

    #[test]
    fn one_without_points_or_without_time_is_over_at_once() {
        for points in [vec![], vec![point(0.0, 1.0, 0.0); 64]] {
            let envelope = PointEnvelope { points, sustain: 255, ends_note: true };
            let mut tour = Tour::begin(&envelope, &|_| (-1.0, 0.0));
            assert_eq!(tour.height(&envelope, 0.0, None, &|_| (-1.0, 0.0)), 0.0);
            assert!(tour.is_over(&envelope));
        }
    }
}
