"""The sketch network in onnxruntime, for `bench_reading`: WEIGHTS.safetensors INPUT.f32 ROUNDS.

Builds the same graph from the same weights, runs it on one thread, and prints one JSON object: the 35 answers and the 14 tints, the median
and the best time of a forward pass in milliseconds. Needs the packages numpy, onnx and onnxruntime.
"""

import json
import statistics
import sys
import time

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def load(path):
    """The tensors of a safetensors file, by name."""
    raw = open(path, "rb").read()
    length = int.from_bytes(raw[:8], "little")
    tensors = {}
    for name, entry in json.loads(raw[8 : 8 + length]).items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            data = np.frombuffer(raw[8 + length + start : 8 + length + end], "<f4")
            tensors[name] = data.reshape(entry["shape"])
    return tensors


class Graph:
    """ONNX nodes as they are added; every call returns the name of its result."""

    def __init__(self, weights):
        self.weights, self.nodes, self.constants = weights, [], []

    def add(self, kind, *inputs, **attributes):
        result = f"{kind}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [result], **attributes))
        return result

    def constant(self, value):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def conv(self, name, x, stride=1, padding=0, relu=True):
        weight = self.weights[f"{name}.weight"]
        weight = self.constant(weight.reshape([1] * (4 - weight.ndim) + list(weight.shape)).transpose(3, 2, 0, 1))
        bias = self.constant(self.weights[f"{name}.bias"])
        y = self.add("Conv", x, weight, bias, strides=[stride] * 2, pads=[padding] * 4)
        return self.add("Relu", y) if relu else y

    def linear(self, name, x):
        weights = [self.constant(self.weights[f"{name}.{part}"]) for part in ("weight", "bias")]
        return self.add("Gemm", x, *weights)

    def add_enlarged(self, fine, coarse):
        scales = self.constant(np.array([1, 1, 2, 2], np.float32))
        large = self.add(
            "Resize", coarse, "", scales, mode="nearest", nearest_mode="floor",
            coordinate_transformation_mode="asymmetric",
        )
        return self.add("Add", fine, large)

    def number(self, value):
        return self.constant(np.array(value, np.float32))

    def sum_hw(self, x):
        return self.add("ReduceSum", x, self.constant(np.array([2, 3], np.int64)), keepdims=0)

    def mean_under(self, x, weight):
        total = self.add("Add", self.sum_hw(weight), self.number(1e-3))
        return self.add("Div", self.sum_hw(self.add("Mul", x, weight)), total)


def colour_of_ink(g, under):
    """The mean strength under the ink, the differences from the paper for each unit of it, the strength of the core, and the
    hue, chroma and lightness of the core."""
    scales = g.constant(np.array([1, 1, 4, 4], np.float32))
    large = g.add(
        "Resize", under, "", scales, mode="nearest", nearest_mode="floor",
        coordinate_transformation_mode="asymmetric",
    )
    index = lambda at: g.constant(np.array([at], np.int64))
    part = lambda x, start, end: g.add("Slice", x, index(start), index(end), index(1))
    mul = lambda *inputs: g.add("Mul", *inputs)
    pixel = part("x", 0, 1)
    heavy = mul(large, pixel)
    sums = g.sum_hw(mul("x", heavy))
    strength = part(sums, 0, 1)
    total = g.add("Add", g.sum_hw(heavy), g.number(1e-3))
    unit = g.add("Div", part(sums, 1, 4), g.add("Max", strength, g.number(1e-4)))
    cubed = mul(mul(heavy, pixel), pixel)
    core = g.add("Div", g.sum_hw(mul(cubed, pixel)), g.add("Add", g.sum_hw(cubed), g.number(1e-9)))
    axes = g.constant(np.array([1], np.int64))
    difference = mul(unit, core)
    white = g.add("Cast", g.add("Less", g.add("ReduceSum", difference, axes, keepdims=1), g.number(0)), to=TensorProto.FLOAT)
    rgb = g.add("Clip", g.add("Add", difference, white), g.number(0), g.number(1))
    plane = np.array([[1, 0], [-0.5, 0.75**0.5], [-0.5, -(0.75**0.5)]], np.float32)
    way = g.add("MatMul", rgb, g.constant(plane))
    length = g.add("Max", g.add("ReduceL2", way, axes=[1], keepdims=1), g.number(0.05))
    most, least = (g.add(kind, rgb, axes=[1], keepdims=1) for kind in ("ReduceMax", "ReduceMin"))
    lightness = mul(g.add("Add", most, least), g.number(0.5))
    return [g.add("Div", strength, total), unit, core, g.add("Div", way, length), g.add("Sub", most, least), lightness]


def measures_of_ink(g, ink):
    """How much of every pixel ink covers, and the widths and the area that follow (ink.rs)."""
    mul, div, number = (lambda *i: g.add("Mul", *i)), (lambda *i: g.add("Div", *i)), g.number
    index = lambda *at: g.constant(np.array(at, np.int64))
    seen = g.add("Sigmoid", ink)  # (1, 4, 64, 96): the four rows of each patch
    line = g.add("Reshape", g.add("Transpose", seen, perm=[0, 2, 1, 3]), index(1, 1, 256, 96))
    three = g.add("Conv", line, g.constant(np.ones((1, 1, 3, 1), np.float32)), pads=[1, 0, 1, 0])
    squared = mul(line, line)
    usual = div(g.sum_hw(mul(squared, three)), g.add("Add", g.sum_hw(squared), number(1e-9)))
    usual = g.add("Reshape", g.add("Max", usual, number(1e-6)), index(1, 1, 1, 1))
    most = g.add("MaxPool", three, kernel_shape=[1, 3], pads=[0, 1, 0, 1])
    part = g.add("Clip", div(g.add("Sub", div(most, usual), number(0.25)), number(0.2)), number(0), number(1))
    scales = g.constant(np.array([1, 1, 1, 4], np.float32))
    enlarged = lambda x: g.add(
        "Resize", x, "", scales, mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric",
    )
    where = lambda x, low: g.add("Cast", g.add("Greater", x, number(low)), to=TensorProto.FLOAT)
    strength = g.add("Slice", "x", index(0), index(1), index(1))
    square = mul(mul(enlarged(mul(line, where(line, 1 / 256))), strength), strength)
    core = div(g.sum_hw(mul(square, strength)), g.add("Add", g.sum_hw(square), number(1e-9)))
    core = g.add("Reshape", g.add("Max", core, number(0.02)), index(1, 1, 1, 1))
    whole = div(strength, core)
    level = mul(mul(enlarged(part), g.add("Min", whole, number(1))), where(whole, 0.1))
    log = lambda x, scale, shift: g.add("Add", mul(g.add("Log", x), number(scale)), number(shift))
    last = log(g.add("Add", g.sum_hw(level), number(1)), 0.25, -1.5)
    measures = []
    for scale in range(4):
        rows, columns = 256 >> scale, 384 >> scale
        corner = lambda y, x: g.add(
            "Slice", level, index(y, x), index(rows - 1 + y, columns - 1 + x), index(2, 3),
        )
        here = corner(0, 0)
        across, down = (g.add("Sub", corner(y, x), here) for y, x in ((0, 1), (1, 0)))
        slope = g.add("Sqrt", g.add("Add", mul(across, across), mul(down, down)))
        area = g.add("Add", mul(g.sum_hw(level), number(2)), number(0.1))
        width = mul(div(area, g.add("Add", g.sum_hw(slope), number(0.1))), number(1 << scale))
        measures.append(log(width, 0.5, -0.7))
        level = g.add("AveragePool", level, kernel_shape=[2, 2], strides=[2, 2])
    return measures + [last]


def build(weights):
    """The forward pass of sketch_net.rs, channels first."""
    g = Graph(weights)
    fine = g.conv("patch", "x", stride=4)
    half = g.conv("half", fine, 2, 1)
    quarter = g.conv("quarter_again", g.conv("quarter", half, 2, 1), 1, 1)
    eighth = g.conv("eighth_again", g.conv("eighth", quarter, 2, 1), 1, 1)
    sixteenth = g.conv("sixteenth_again", g.conv("sixteenth", eighth, 2, 1), 1, 1)
    wide = g.conv("from_sixteenth", sixteenth, relu=False)
    wide = g.add_enlarged(g.conv("from_eighth", eighth, relu=False), wide)
    wide = g.add_enlarged(g.conv("from_quarter", quarter, relu=False), wide)
    half = g.conv("half_again", half, 1, 1, relu=False)
    half = g.add("Relu", g.add_enlarged(half, g.conv("around", wide, relu=False)))
    wide = g.add_enlarged(g.conv("from_half", half, relu=False), wide)
    everything = g.add("Relu", g.add_enlarged(g.conv("from_patch", fine, relu=False), wide))
    ink = g.conv("ink", everything, relu=False)
    evidence = g.conv("evidence", everything)
    under = g.add("ReduceMean", g.add("Sigmoid", ink), axes=[1], keepdims=1)
    under = g.add("Mul", under, g.add("Cast", g.add("GreaterOrEqual", under, g.number(1 / 256)), to=TensorProto.FLOAT))
    under_wide = g.add("AveragePool", under, kernel_shape=[4, 4], strides=[4, 4])
    amount = g.add("ReduceMean", under, axes=[2, 3], keepdims=0)
    amount = g.add("Mul", g.add("Log", g.add("Add", amount, g.number(1e-4))), g.number(0.3))
    pooled = [g.mean_under(evidence, under), g.mean_under(quarter, under_wide)]
    pooled += [g.add("ReduceMean", eighth, axes=[2, 3], keepdims=0), amount]
    colour = g.add("Concat", *colour_of_ink(g, under), axis=1)
    pooled += [colour] + measures_of_ink(g, ink)
    hidden = g.add("Relu", g.linear("hidden", g.add("Concat", *pooled, axis=1)))
    answers = g.linear("answers", hidden)
    tints = g.linear("tints", g.add("Relu", g.linear("tint", colour)))
    sign = g.add("Transpose", g.conv("sign", eighth, 2, 1), perm=[0, 2, 3, 1])
    embedding = g.linear("embedding", g.add("Flatten", sign))
    shape = lambda name, dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
    graph = helper.make_graph(
        g.nodes, "sketch", [shape("x", [1, 4, 256, 384])],
        [shape(ink, None), shape(answers, None), shape(tints, None), shape(embedding, None)], g.constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=9)


def main():
    weights, picture, rounds = sys.argv[1:4]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = build(load(weights)).SerializeToString()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    x = np.fromfile(picture, "<f4").reshape(1, 256, 384, 4).transpose(0, 3, 1, 2)
    feed = {"x": np.ascontiguousarray(x)}
    _, answers, tints, _ = session.run(None, feed)
    times = []
    for _ in range(int(rounds)):
        start = time.perf_counter()
        session.run(None, feed)
        times.append((time.perf_counter() - start) * 1e3)
    found = {"answers": answers[0].tolist() + tints[0].tolist(), "median_ms": statistics.median(times), "best_ms": min(times)}
    print(json.dumps(found | {"version": onnxruntime.__version__}))


main()
