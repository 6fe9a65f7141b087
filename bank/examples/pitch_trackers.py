"""Published pitch trackers on whole sounds, for `bench_pitch`: one path a line on standard input.

Prints one JSON object: for each tracker that is installed, for each file in order, the median of its voiced frames as a
MIDI note, or null, and the mean confidence of these frames. Needs the packages librosa (pYIN) and swift-f0.
"""

import json
import sys

import numpy as np


def root(hz, voiced, confidence):
    """The median of the voiced frames."""
    voiced = voiced & np.isfinite(hz) & (hz > 0)
    if not voiced.any():
        return [None, 0.0]
    return [float(69 + 12 * np.log2(np.median(hz[voiced]) / 440)), float(np.mean(confidence[voiced]))]


def trackers():
    found = {}
    try:
        import librosa

        def pyin(samples, rate):
            frame = 4_096 if rate > 20_000 else 2_048
            # A piano's range, in steps of a fifth of a semitone, over 2.5 s: its search grows with the square of the steps.
            limits = {"fmin": max(27.5, 2.1 * rate / frame), "fmax": min(4_200.0, 0.45 * rate), "resolution": 0.2}
            samples = samples[: int(2.5 * rate)]
            hz, voiced, sure = librosa.pyin(samples, sr=rate, frame_length=frame, hop_length=frame // 2, **limits)
            return root(hz, voiced, sure)

        found["pYIN"] = pyin
    except ImportError:
        pass
    try:
        from swift_f0 import SwiftF0

        tracker = SwiftF0(threads=1)

        def swift(samples, rate):
            result = tracker.detect(samples, rate)
            hz, sure = np.asarray(result.pitch_hz), np.asarray(result.confidence)
            return root(hz, sure >= min(0.9, sure.max()), sure)

        found["SwiftF0"] = swift
    except ImportError:
        pass
    return found


def main():
    import soundfile

    known = trackers()
    said = {name: [] for name in known}
    for path in sys.stdin.read().splitlines():
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        samples = samples.mean(axis=1)
        for name, track in known.items():
            try:
                said[name].append(track(samples, rate))
            except Exception:  # a tracker that refuses a sound has not heard it
                said[name].append([None, 0.0])
    print(json.dumps(said))


main()
