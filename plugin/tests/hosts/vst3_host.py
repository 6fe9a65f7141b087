"""Plays the VST3 bundle in pedalboard, a host made by others.

vst3_host.py play BUNDLE FOLDER   plays notes and tells as JSON what it heard; the samples go to FOLDER as raw
                                  32-bit floats, left then right
vst3_host.py show BUNDLE          opens the editor until the standard input ends, and plays a note afterwards
"""

import ctypes
import json
import sys
import threading
from pathlib import Path

import numpy as np
import pedalboard

RATE_HZ = 48_000


def messages(key, pedal=False, bend=None, controller=None):
    """A key held for half a second, with the pedal, the wheel or a controller if asked."""
    before = []
    if controller is not None:
        before.append((bytes([0xB0, *controller]), 0.0))
    if pedal:
        before.append((bytes([0xB0, 64, 127]), 0.0))
    if bend is not None:
        before.append((bytes([0xE0, bend & 127, bend >> 7]), 0.0))
    return before + [(bytes([0x90, key, 100]), 0.0), (bytes([0x80, key, 0]), 0.5)]


def play_everything(bundle, folder):
    heard = {}

    def play(name, plugin, score, rate_hz=RATE_HZ, buffer_size=512):
        sound = plugin(score, duration=1.0, sample_rate=rate_hz, num_channels=2, buffer_size=buffer_size)
        sound.astype(np.float32).tofile(folder / f"{name}.f32")
        heard[name] = {"rate_hz": rate_hz, "peak": float(np.abs(sound).max())}

    fresh = pedalboard.load_plugin(str(bundle))
    parameters = {
        name: [str(parameter.name), float(parameter.raw_value)] for name, parameter in fresh.parameters.items()
    }
    play("fresh", fresh, messages(69))
    play("small_blocks", pedalboard.load_plugin(str(bundle)), messages(69), buffer_size=37)
    play("at_44100", pedalboard.load_plugin(str(bundle)), messages(69), rate_hz=44_100)
    play("at_96000", pedalboard.load_plugin(str(bundle)), messages(69), rate_hz=96_000)
    play("bent", pedalboard.load_plugin(str(bundle)), messages(69, bend=16_383))
    play("pedal", pedalboard.load_plugin(str(bundle)), messages(69, pedal=True))
    play("soft", pedalboard.load_plugin(str(bundle)), messages(69, controller=(11, 64)))
    play("trembling", pedalboard.load_plugin(str(bundle)), messages(69, controller=(1, 127)))

    changed = pedalboard.load_plugin(str(bundle))
    changed.parameters["attack"].raw_value = 0.3
    changed.parameters["gain"].raw_value = 0.7
    play("changed", changed, messages(69))
    restored = pedalboard.load_plugin(str(bundle))
    restored.raw_state = changed.raw_state
    play("restored", restored, messages(69))

    many = [pedalboard.load_plugin(str(bundle)) for _ in range(16)]
    for index in (0, 15):
        play(f"one_of_many_{index}", many[index], messages(69))

    print(json.dumps({"name": fresh.name, "is_instrument": fresh.is_instrument,
                      "parameters": parameters, "heard": heard}))


def show(bundle):
    # The library under pedalboard ends the process on any X error, harmless ones included, unless somebody listens.
    listener = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda display, error: 0)
    ctypes.CDLL("libX11.so.6").XSetErrorHandler(listener)
    plugin = pedalboard.load_plugin(str(bundle))
    close = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), close.set()), daemon=True).start()
    plugin.show_editor(close)
    sound = plugin(messages(69), duration=1.0, sample_rate=RATE_HZ, num_channels=2)
    if not np.abs(sound).max() > 0.001:
        sys.exit("after the editor was closed the instrument is silent")


if sys.argv[1] == "show":
    show(Path(sys.argv[2]))
else:
    play_everything(Path(sys.argv[2]), Path(sys.argv[3]))
