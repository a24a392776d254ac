"""Each operation, in its settings: the net gives what the model gives."""

from __future__ import annotations

import numpy as np
import pytest
from exchange.into.models import check, model, node, numbers, onnx, types

IMAGE = (2, 4, 9, 8)
W = numbers(6, 4, 3, 3)
CASES = {
    # convolutions
    "conv": ([node("Conv", "x", "w", "b", pads=[1, 1, 1, 1], strides=[2, 2])], IMAGE,
             {"w": W, "b": numbers(6)}, "Convolution"),
    "conv sides": ([node("Conv", "x", "w", pads=[0, 1, 2, 1])], IMAGE, {"w": W}, "Convolution"),
    "conv depthwise": ([node("Conv", "x", "w", group=4, dilations=[2, 1], kernel_shape=[3, 3])],
                       IMAGE, {"w": numbers(4, 1, 3, 3)}, "Convolution"),
    "conv same upper": ([node("Conv", "x", "w", auto_pad="SAME_UPPER", strides=[2, 2])], IMAGE,
                        {"w": numbers(6, 4, 4, 3)}, "Convolution"),
    "conv same lower": ([node("Conv", "x", "w", auto_pad="SAME_LOWER", strides=[2, 1])], IMAGE,
                        {"w": W}, "Convolution"),
    "conv 1d": ([node("Conv", "x", "w", pads=[2, 2], strides=[3])], (2, 4, 20),
                {"w": numbers(5, 4, 5)}, "Convolution"),
    "conv 3d": ([node("Conv", "x", "w", pads=[1, 0, 1, 1, 0, 1])], (1, 2, 5, 6, 7),
                {"w": numbers(3, 2, 3, 1, 3)}, "Convolution"),
    "transposed": ([node("ConvTranspose", "x", "w", "b", strides=[2, 2], pads=[1, 1, 1, 1])],
                   IMAGE, {"w": numbers(4, 5, 4, 4), "b": numbers(5)}, "Deconvolution"),
    "transposed, groups": ([node("ConvTranspose", "x", "w", strides=[3, 2], group=2)], IMAGE,
                           {"w": numbers(4, 3, 3, 2)}, "Deconvolution"),
    "transposed, output_padding": (
        [node("ConvTranspose", "x", "w", strides=[2, 2], pads=[1] * 4, output_padding=[1, 1])],
        IMAGE, {"w": numbers(4, 5, 3, 3)}, "Deconvolution Slice Slice Silence"),
    "transposed, sides": ([node("ConvTranspose", "x", "w", strides=[2, 2], pads=[0, 1, 1, 0])],
                          IMAGE, {"w": numbers(4, 5, 3, 3)}, "Deconvolution Slice Slice Silence"),
    "transposed, same": ([node("ConvTranspose", "x", "w", strides=[2, 2], auto_pad="SAME_UPPER")],
                         IMAGE, {"w": numbers(4, 5, 3, 3)}, None),
    # pooling
    "max": ([node("MaxPool", "x", kernel_shape=[2, 2], strides=[2, 2])], IMAGE, {}, "Pooling"),
    "max ceil": ([node("MaxPool", "x", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1,
                       pads=[1] * 4)], IMAGE, {}, "Pooling"),
    "max 3d": ([node("MaxPool", "x", kernel_shape=[2, 3, 2], strides=[2, 2, 1])], (1, 2, 6, 7, 4),
               {}, "Pooling"),
    "max sides": ([node("MaxPool", "x", kernel_shape=[3, 2], strides=[1, 2], pads=[0, 0, 1, 1])],
                  IMAGE, {}, "Pooling"),
    "average": ([node("AveragePool", "x", kernel_shape=[3, 3], strides=[2, 2])], IMAGE, {},
                "Pooling"),
    "average counts": ([node("AveragePool", "x", kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4,
                             count_include_pad=1)], IMAGE, {}, "Pooling"),
    "average leaves out": ([node("AveragePool", "x", kernel_shape=[3, 3], pads=[1] * 4)], IMAGE,
                           {}, "Pooling"),
    "average ceil": ([node("AveragePool", "x", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)],
                     IMAGE, {}, "Pooling"),
    "global average": ([node("GlobalAveragePool", "x")], IMAGE, {}, "Pooling"),
    "global max": ([node("GlobalMaxPool", "x")], IMAGE, {}, "Pooling"),
    # products
    "gemm": ([node("Gemm", "x", "w", "b", transB=1, alpha=0.5, beta=2.0)], (3, 7),
             {"w": numbers(5, 7), "b": numbers(5)}, "InnerProduct"),
    "gemm not transposed": ([node("Gemm", "x", "w")], (3, 7), {"w": numbers(7, 5)}, "InnerProduct"),
    "gemm, one bias": ([node("Gemm", "x", "w", "b")], (3, 7),
                       {"w": numbers(7, 5), "b": numbers(1)}, "InnerProduct"),
    "matmul": ([node("MatMul", "x", "w")], (2, 3, 7), {"w": numbers(7, 5)}, "InnerProduct"),
    # normalization
    "batch": ([node("BatchNormalization", "x", "s", "b", "m", "v", epsilon=1e-3)], IMAGE,
              {"s": numbers(4), "b": numbers(4), "m": numbers(4), "v": numbers(4, low=0.5)},
              "BatchNorm Scale"),
    "instance": ([node("InstanceNormalization", "x", "s", "b")], IMAGE,
                 {"s": numbers(4), "b": numbers(4)}, "Reshape BatchNorm Reshape Scale"),
    "layer": ([node("LayerNormalization", "x", "s", "b", axis=-1)], (2, 5, 6),
              {"s": numbers(6), "b": numbers(6)}, "Reshape BatchNorm Reshape Scale"),
    "lrn": ([node("LRN", "x", size=3, alpha=0.1, beta=0.6, bias=2.0)], IMAGE, {}, "LRN"),
    "softmax": ([node("Softmax", "x", axis=-1)], IMAGE, {}, "Softmax"),
    "softmax of channels": ([node("Softmax", "x", axis=1)], IMAGE, {}, "Softmax"),
    "log softmax": ([node("LogSoftmax", "x", axis=1)], (3, 5), {}, "Softmax Log"),
    # reductions
    "mean of pictures": ([node("ReduceMean", "x", axes=[2, 3], keepdims=0)], IMAGE, {},
                         "Pooling Flatten"),
    "mean of channels": ([node("ReduceMean", "x", axes=[1])], IMAGE, {},
                         "Permute Reduction Reshape"),
    "sum": ([node("ReduceSum", "x", "a", keepdims=0)], IMAGE, {"a": np.array([-1])}, "Reduction"),
    "largest of pictures": ([node("ReduceMax", "x", axes=[2, 3])], IMAGE, {}, "Pooling"),
    "squares": ([node("ReduceSumSquare", "x", axes=[1, 2, 3], keepdims=0)], IMAGE, {}, "Reduction"),
    "length": ([node("ReduceL2", "x", axes=[1])], IMAGE, {}, "Permute Reduction Power Reshape"),
    "argmax": ([node("ArgMax", "x", axis=1, keepdims=0)], IMAGE, {}, "ArgMax Reshape"),
    # shapes
    "flatten": ([node("Flatten", "x")], IMAGE, {}, "Flatten"),
    "flatten in the middle": ([node("Flatten", "x", axis=2)], IMAGE, {}, "Reshape"),
    "reshape": ([node("Reshape", "x", "s")], IMAGE, {"s": np.array([0, 2, -1, 8])}, "Reshape"),
    "squeeze": ([node("Squeeze", "x", "a")], (2, 5, 1, 3), {"a": np.array([2])}, "Reshape"),
    "unsqueeze": ([node("Unsqueeze", "x", "a")], (2, 5), {"a": np.array([1, 3])}, "Reshape"),
    "transpose": ([node("Transpose", "x", perm=[0, 2, 3, 1])], IMAGE, {}, "Permute"),
    "transpose of ones": ([node("Transpose", "x", perm=[0, 2, 3, 1])], (2, 5, 1, 1), {}, "Reshape"),
    "concat": ([node("Relu", "x", to="r"), node("Concat", "x", "r", axis=-2)], IMAGE, {},
               "ReLU Concat"),
    "concat with numbers": ([node("Concat", "x", "c", axis=1)], (1, 4, 5), {"c": numbers(1, 2, 5)},
                            "Parameter Concat"),
    "slice": ([node("Slice", "x", "f", "t", "a")], IMAGE,
              {"f": np.array([1, -3]), "t": np.array([3, 2**31]), "a": np.array([1, 2])},
              "Slice Slice Silence"),
    "slice backwards": ([node("Slice", "x", "f", "t", "a", "s")], IMAGE,
                        {"f": np.array([-2, 7]), "t": np.array([0, -(2**31)]),
                         "a": np.array([1, 3]), "s": np.array([-1, -1])},
                        "Slice Reverse Reverse Silence"),
    "gather one": ([node("Gather", "x", "i", axis=2)], IMAGE, {"i": np.array(-2)},
                   "Slice Reshape Silence"),
    "gather reversed": ([node("Gather", "x", "i", axis=1)], IMAGE, {"i": np.array([2, 1, 0])},
                        "Slice Concat Silence"),
    "expand": ([node("Expand", "x", "s")], (2, 4, 1, 1), {"s": np.array([1, 4, 3, 2])},
               "Tile Tile"),
    "tile": ([node("Tile", "x", "s")], IMAGE, {"s": np.array([1, 2, 1, 3])}, "Tile Tile"),
    "depth to space": ([node("DepthToSpace", "x", blocksize=2)], (2, 8, 3, 5), {},
                       "Reshape Permute Reshape"),
    "depth to space, CRD": ([node("DepthToSpace", "x", blocksize=2, mode="CRD")], (2, 8, 3, 5), {},
                            "Reshape Permute Reshape"),
    "space to depth": ([node("SpaceToDepth", "x", blocksize=2)], (2, 3, 4, 6), {},
                       "Reshape Permute Reshape"),
    # padding
    "pad before a convolution": (
        [node("Pad", "x", "p", to="q"), node("Conv", "q", "w", pads=[0, 1, 0, 1])], IMAGE,
        {"p": np.array([0, 0, 1, 0, 0, 0, 1, 0]), "w": W}, "Convolution"),
    "pad before an average": (
        [node("Pad", "x", "p", to="q"), node("AveragePool", "q", kernel_shape=[3, 3])], IMAGE,
        {"p": np.array([0, 0, 1, 1, 0, 0, 1, 1])}, "Pooling"),
    "pad before a maximum of what is positive": (
        [node("Relu", "x", to="r"), node("Pad", "r", "p", to="q"),
         node("MaxPool", "q", kernel_shape=[3, 3], strides=[2, 2])], IMAGE,
        {"p": np.array([0, 0, 0, 0, 0, 0, 1, 1])}, "ReLU Pooling"),
    "pad before a maximum": (
        [node("Pad", "x", "p", to="q"), node("MaxPool", "q", kernel_shape=[2, 2])], IMAGE,
        {"p": np.array([0, 0, 1, 1, 0, 0, 1, 1])}, "Convolution Pooling"),
    "pad by itself": ([node("Pad", "x", "p")], IMAGE, {"p": np.array([0, 0, 1, 2, 0, 0, 0, 3])},
                      "Convolution"),
    "pad below 0": ([node("Pad", "x", "p")], IMAGE, {"p": np.array([0, 0, -1, 0, 0, 0, -2, 1])},
                    "Slice Convolution Silence"),
    # sizes
    "nearest": ([node("Resize", "x", "", "s", mode="nearest")], IMAGE,
                {"s": np.array([1, 1, 2, 3], np.float32)}, "Deconvolution"),
    "nearest, asymmetric": (
        [node("Resize", "x", "", "s", coordinate_transformation_mode="asymmetric",
              nearest_mode="floor")], IMAGE, {"s": np.array([1, 1, 2, 2], np.float32)},
        "Deconvolution"),
    "nearest, smaller": (
        [node("Resize", "x", "", "s", coordinate_transformation_mode="asymmetric",
              nearest_mode="floor")], (1, 2, 8, 6), {"s": np.array([1, 1, 0.5, 0.5], np.float32)},
        "Pooling"),
    "corners on corners": (
        [node("Resize", "x", "", "", "z", mode="linear",
              coordinate_transformation_mode="align_corners")], IMAGE,
        {"z": np.array([2, 4, 20, 13])}, "Interp"),
    "half pixels, twice": (
        [node("Resize", "x", "", "s", mode="linear",
              coordinate_transformation_mode="pytorch_half_pixel")], IMAGE,
        {"s": np.array([1, 1, 2, 2], np.float32)}, None),
    "half pixels, three and four times": (
        [node("Resize", "x", "", "s", mode="linear")], IMAGE,
        {"s": np.array([1, 1, 3, 4], np.float32)}, None),
    "half pixels, half": ([node("Resize", "x", "", "s", mode="linear")], (1, 2, 8, 6),
                          {"s": np.array([1, 1, 0.5, 0.5], np.float32)}, "Pooling"),
}


@pytest.mark.parametrize("case", CASES)
def test_operation(case, tmp_path):
    nodes, shape, constants, expected = CASES[case]
    made = check(model(nodes, shape, **constants), tmp_path)
    if expected is not None:
        assert " ".join(types(made)) == f"Input {expected}"


SIMPLE = {
    "Relu": "ReLU", "Exp": "Exp", "Abs": "AbsVal", "Sigmoid": "Sigmoid", "Tanh": "TanH",
    "Softplus": "BNLL", "HardSwish": "HardSwish", "Neg": "Power", "LeakyRelu alpha=0.2": "ReLU",
    "Elu alpha=0.5": "ELU", "HardSigmoid alpha=0.15 beta=0.4": "HardSigmoid",
    "Identity": None, "ThresholdedRelu alpha=0.7": "Threshold Eltwise",
}


@pytest.mark.parametrize("words", SIMPLE)
def test_of_each_number(words, tmp_path):
    name, *settings = words.split()
    said = {key: float(value) for key, value in (one.split("=") for one in settings)}
    last = "Relu" if name == "Identity" else "Identity"
    param = check(model([node(name, "x", to="t", **said), node(last, "t")], (2, 3, 4)), tmp_path)
    assert " ".join(types(param)) == f"Input {SIMPLE[words] or 'ReLU'}"


@pytest.mark.parametrize("name", ["Log", "Sqrt", "Reciprocal"])
def test_of_each_positive_number(name, tmp_path):
    check(model([node("Exp", "x", to="e"), node(name, "e")], (2, 3, 4)), tmp_path)


def test_mish(tmp_path):
    check(model([node("Mish", "x")], (2, 3, 4), opset=18), tmp_path)


@pytest.mark.parametrize("bounds, expected", [
    ((0, 6), "Clip"), ((-0.5, 1.5), "Clip"), ((0, None), "ReLU"), ((None, 1), "Clip")])
def test_clip(bounds, expected, tmp_path):
    given = {name: np.float32(bound) for name, bound in zip("ab", bounds, strict=True)
             if bound is not None}
    inputs = ["x", *(name if name in given else "" for name in "ab")]
    assert types(check(model([node("Clip", *inputs)], (2, 3), **given), tmp_path))[1] == expected
    said = {name: float(given[key]) for name, key in (("min", "a"), ("max", "b")) if key in given}
    check(model([node("Clip", "x", **said)], (2, 3), opset=7), tmp_path)


@pytest.mark.parametrize("shape, shared", [((4, 1, 1), False), ((1,), True), ((1, 4, 1, 1), False)])
def test_prelu(shape, shared, tmp_path):
    param = check(model([node("PRelu", "x", "s")], IMAGE, s=numbers(*shape)), tmp_path)
    assert param.layer[1].prelu_param.channel_shared == shared


@pytest.mark.parametrize("operation", ["Add", "Sub", "Mul", "Div"])
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("shape", [(), (1,), (4, 1, 1), (1, 4, 1, 1), (8,), (9, 1), (4, 9, 8),
                                   (4, 1, 8)])
def test_a_value_and_numbers(operation, first, shape, tmp_path):
    c = np.asarray(numbers(*shape, low=0.5, high=2), np.float32)
    inputs = ("c", "e") if first else ("e", "c")
    param = check(model([node("Exp", "x", to="e"), node(operation, *inputs)], IMAGE, c=c), tmp_path)
    assert "Parameter" not in types(param) and "Tile" not in types(param)


@pytest.mark.parametrize("operation", ["Add", "Sub", "Mul", "Div", "Max", "Min"])
@pytest.mark.parametrize("shapes", [
    (IMAGE, IMAGE), (IMAGE, (2, 4, 1, 1)), ((2, 4, 1, 1), IMAGE), (IMAGE, (2, 1, 9, 8)),
    (IMAGE, (1, 4, 1, 1)), (IMAGE, (4, 1, 1)), (IMAGE, (9, 8)), (IMAGE, (1,)),
    ((2, 4, 1, 1), (2, 1, 9, 8)), (IMAGE, (1, 1, 1, 1))])
def test_two_values(operation, shapes, tmp_path):
    a, b = shapes
    nodes = [node("Exp", "b", to="e"), node(operation, "a", "e")]
    check(model(nodes, {"a": a, "b": b}), tmp_path)


@pytest.mark.parametrize("operation, shape, w, bias", [
    ("Conv", IMAGE, (6, 4, 3, 3), (6, 1, 1)), ("ConvTranspose", IMAGE, (4, 6, 3, 3), (1, 6, 1, 1)),
    ("MatMul", (2, 3, 7), (7, 5), (5,)), ("MatMul", (2, 7), (7, 5), (5,))])
def test_a_sum_behind_weights_is_their_bias(operation, shape, w, bias, tmp_path):
    nodes = [node(operation, "x", "w", to="a"), node("Add", "c", "a")]
    constants = {"w": numbers(*w), "c": numbers(*bias)}
    param = check(model(nodes, shape, **constants), tmp_path)
    assert len(param.layer) == 2 and len(param.layer[1].blobs) == 2
    both = model([*nodes, node("Relu", "a", to="z")], shape, ("y", "z"), **constants)
    assert "Bias" in types(check(both, tmp_path)), "the product without its bias is read, too"


def test_sums_of_several(tmp_path):
    shapes = {"a": (2, 3), "b": (2, 3), "c": (2, 1)}
    check(model([node("Sum", "a", "b", "c")], shapes), tmp_path)
    check(model([node("Mean", "a", "b", "c")], shapes), tmp_path)
    check(model([node("Max", "a", "b", "c")], shapes), tmp_path)


@pytest.mark.parametrize("bound", [0.0, 0.5])
@pytest.mark.parametrize("operation", ["Max", "Min"])
def test_bounds(operation, bound, tmp_path):
    param = check(model([node(operation, "x", "c")], IMAGE, c=np.float32(bound)), tmp_path)
    assert types(param)[1] == ("ReLU" if (operation, bound) == ("Max", 0.0) else "Clip")


@pytest.mark.parametrize("opset, sizes", [(11, {"split": [1, 3]}), (13, {})])
def test_split(opset, sizes, tmp_path):
    inputs = ["x"] if sizes else ["x", "s"]
    made = model([node("Split", *inputs, to="a,b", axis=1, **sizes), node("Relu", "b")], IMAGE,
                 ("y", "a"), opset, **({} if sizes else {"s": np.array([1, 3])}))
    assert types(check(made, tmp_path)) == ["Input", "Slice", "ReLU"]


@pytest.mark.parametrize("opset", [7, 12])
def test_softmax_of_all_that_follows(opset, tmp_path):
    param = check(model([node("Softmax", "x", axis=1)], (2, 3, 4), opset=opset), tmp_path)
    assert types(param) == ["Input", "Flatten", "Softmax", "Reshape"]
    param = check(model([node("Softmax", "x")], (2, 3), opset=opset), tmp_path)
    assert types(param) == ["Input", "Softmax"]


def test_indices_that_are_inputs(tmp_path):
    """Items in another order, and rows of weights."""
    made = model([onnx.helper.make_node("Cast", ["i"], ["c"], to=7), node("Gather", "x", "c")],
                 {"x": (4, 3), "i": (5,)})
    values = {"x": numbers(4, 3), "i": np.array([3, 0, 0, 2, 1], np.float32)}
    assert types(check(made, tmp_path, values))[-1] == "BatchReindex"
    made = model([onnx.helper.make_node("Cast", ["x"], ["c"], to=7), node("Gather", "w", "c")],
                 (2, 3), w=numbers(6, 4))
    values = {"x": np.array([[0, 5, 2], [1, 1, 4]], np.float32)}
    assert types(check(made, tmp_path, values)) == ["Input", "Embed"]


def test_regions(tmp_path):
    made = model([node("MaxRoiPool", "x", "rois", pooled_shape=[3, 2], spatial_scale=0.5)],
                 {"x": (2, 4, 12, 10), "rois": (3, 5)})
    rois = np.array([[0, 0, 0, 19, 23], [1, 4, 6, 12, 20], [0, 2, 2, 7, 9]], np.float32)
    values = {"x": numbers(2, 4, 12, 10), "rois": rois}
    assert types(check(made, tmp_path, values))[-1] == "ROIPooling"


def test_threshold(tmp_path):
    made = model([node("Greater", "x", "c", to="b"),
                  onnx.helper.make_node("Cast", ["b"], ["y"], to=1)], IMAGE, c=np.float32(0.3))
    assert types(check(made, tmp_path)) == ["Input", "Threshold"]


def test_old_words(tmp_path):
    """Attributes that became inputs, and operations that got other names."""
    check(model([node("Pad", "x", pads=[0, 0, 1, 1, 0, 0, 1, 1], to="p"),
                 node("Upsample", "p", "s", to="u"),
                 node("Slice", "u", starts=[1], ends=[3], axes=[2])],
                IMAGE, opset=9, s=np.array([1, 1, 2, 2], np.float32)), tmp_path)
    check(model([node("GlobalAveragePool", "x", to="m"), node("Squeeze", "m", axes=[2, 3])], IMAGE,
                opset=7), tmp_path)
    check(model([node("Dropout", "x", ratio=0.4, to="d"), node("Relu", "d")], IMAGE, opset=7),
          tmp_path)


@pytest.mark.parametrize("opset", [18, 21])
def test_new_words(opset, tmp_path):
    """Axes that are inputs, and group normalization."""
    check(model([node("ReduceMean", "x", "a", keepdims=0)], IMAGE, opset=opset,
                a=np.array([2, 3])), tmp_path)
    count = 4 if opset == 21 else 2
    check(model([node("GroupNormalization", "x", "s", "b", num_groups=2)], IMAGE, opset=opset,
                s=numbers(count), b=numbers(count)), tmp_path)
