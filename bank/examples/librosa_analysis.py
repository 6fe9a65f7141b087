"""The analysis of a scan in librosa, for `bench_scan`: FILE... on one thread.

Decodes each file and takes its pitch (pYIN, and YIN apart), spectral centroid, level and mel spectrogram. Prints one JSON
object: files and seconds for each part. Needs the package librosa.
"""

import json
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import librosa

RANGE = {"fmin": 19.5, "fmax": 8_900.0}


def main():
    secs = {"decode": 0.0, "pyin": 0.0, "yin": 0.0, "the_rest": 0.0}

    def timed(part, run):
        begin = time.perf_counter()
        result = run()
        secs[part] += time.perf_counter() - begin
        return result

    def listen(path):
        samples, rate = timed("decode", lambda: librosa.load(path, sr=None, mono=True))
        # Long enough for two periods of the lowest note.
        frame = 4_096 if rate > 20_000 else 2_048
        limits = {**RANGE, "fmin": max(RANGE["fmin"], 2.1 * rate / frame), "fmax": min(RANGE["fmax"], 0.45 * rate)}
        timed("pyin", lambda: librosa.pyin(samples, sr=rate, frame_length=frame, **limits))
        timed("yin", lambda: librosa.yin(samples, sr=rate, frame_length=frame, **limits))

        def rest():
            librosa.feature.spectral_centroid(y=samples, sr=rate)
            librosa.feature.rms(y=samples)
            librosa.feature.melspectrogram(y=samples, sr=rate)

        timed("the_rest", rest)

    files = sys.argv[1:]
    # The first call compiles.
    listen(files[0])
    for part in secs:
        secs[part] = 0.0
    for path in files:
        listen(path)
    print(json.dumps({"files": len(files), "secs": secs}))


main()
