"""Nets for what goes out to ONNX: built from prototxt or a recorded case, filled, compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import REFERENCE, SEED

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.exchange import checking, onnx_library
from caffepy.exchange.files import Options
from caffepy.exchange.out import table
from caffepy.exchange.out.exporter import Exported, export
from caffepy.proto import caffe_pb2, text

MOST = 1e-4  # of the largest number
CASES = {f"{path.parent.name}/{path.stem}": path
         for path in sorted(REFERENCE.glob("layers/*.npz")) + sorted(REFERENCE.glob("forks/*.npz"))}


def need_onnx() -> None:
    """Skip without the packages."""
    for package in ("onnx", "onnxruntime"):
        pytest.importorskip(package, reason=f"no {package} here: {onnx_library.CURE}")


def built(prototxt: str, seed: int = SEED) -> Net:
    """A TEST net with parameters that are not zeros."""
    spec = caffe_pb2.NetParameter()
    text.parse(prototxt, spec)
    return filled(Net(spec, caffe_pb2.TEST, context=Context(seed=seed)))


def line(body: str, *shapes: Sequence[int], tops: int = 1) -> str:
    """One layer over inputs in0, in1, ..., with tops y, y1, ...."""
    inputs = [f'layer {{ name: "in{i}" type: "Input" top: "in{i}" input_param {{ shape {{ '
              + " ".join(f"dim: {size}" for size in shape) + " } } }"
              for i, shape in enumerate(shapes)]
    bottoms = " ".join(f'bottom: "in{i}"' for i in range(len(shapes)))
    names = " ".join(f'top: "y{i or ""}"' for i in range(tops))
    return "\n".join([*inputs, f'layer {{ name: "it" {bottoms} {names} {body} }}'])


def filled(net: Net, seed: int = SEED) -> Net:
    """Parameters such as trained nets have: none is 0, variances and factors are above it."""
    random = np.random.default_rng(seed)
    for node in net.nodes:
        for index, blob in enumerate(node.layer.blobs):
            words = node.layer.learns
            word = words[index] if index < len(words) else ""
            if word in ("variance", "factor", "scale", "slope"):
                values = random.uniform(0.5, 1.5, blob.shape)
            else:
                values = random.standard_normal(blob.shape)
                values *= np.sqrt(2 / np.prod(blob.shape[1:])) if blob.ndim > 1 else 0.1
            blob.data[...] = values
    return net


def same(net: Net, options: Options | None = None, feed: dict[str, Any] | None = None) -> Exported:
    """Export the net, and find all that its layers make equal in onnxruntime."""
    made = export(net, options or Options())
    onnx_library.onnx().checker.check_model(made.model)
    inputs = checking.feed(net) | {name: np.asarray(values, np.float32)
                                   for name, values in (feed or {}).items()}
    names = [name for name, *_ in made.steps]
    assert names, "nothing was made"
    theirs = dict(zip([value for *_, value in made.steps],
                      values_of(made, inputs), strict=True))
    ours = checking.net_side(net, inputs)([(layer, top) for layer, top, _ in made.steps])
    for (layer, top, value), expected in zip(made.steps, ours, strict=True):
        equal(theirs[value], expected, f"{layer}, {top}")
    return made


def values_of(made: Exported, inputs: dict[str, Any]) -> list[Any]:
    """What the model gives for all steps."""
    model = type(made.model)()
    model.CopyFrom(made.model)
    known = {value.name for value in model.graph.output}
    free = {name for node in model.graph.node for name in node.output}
    constants = {array.name: onnx_library.onnx().numpy_helper.to_array(array)
                 for array in model.graph.initializer}
    wanted = [value for *_, value in made.steps]
    for name in dict.fromkeys(wanted):
        if name in free and name not in known:
            model.graph.output.add().name = name
    run = onnx_library.runtime(model)[1]
    asked = [name for name in dict.fromkeys(wanted) if name in free]
    given = {value.name: inputs[value.name] for value in model.graph.input}
    found = dict(zip(asked, run(asked, given), strict=True)) | constants | inputs
    return [found[name] for name in wanted]


def equal(found: Any, expected: Any, what: str) -> None:
    assert found.shape == expected.shape, what
    difference = checking.apart(expected, found)
    assert difference.relative <= MOST, f"{what}: {difference}"


def recorded(name: str) -> tuple[Net, dict[str, Any], dict[str, Any]]:
    """A recorded case as a TEST net with its parameters; its inputs; and, where it was recorded in
    TEST, its tops."""
    with np.load(CASES[name]) as file:
        case = dict(file)
    spec = caffe_pb2.NetParameter()
    text.parse(str(case.pop("prototxt")), spec)
    in_test = int(case.pop("phase")) == caffe_pb2.TEST
    net = Net(spec, caffe_pb2.TEST, context=Context(seed=SEED))
    parts: dict[str, dict[str, Any]] = {"bottom": {}, "top": {}}
    for key, values in case.items():
        kind, owner, *index = key.split("/")
        if kind == "param":
            net.params[owner][int(index[0])].data[...] = values
        elif kind in parts:
            parts[kind][owner] = values
    return net, parts["bottom"], parts["top"] if in_test else {}


def reason(net: Net) -> str | None:
    """Why a net has no place in ONNX, of the first layer that has none; None if it has."""
    for node in net.nodes:
        if not node.layer.data:
            try:
                table.find(node.layer.spec)
            except table.NotInONNX as error:
                return str(error)
    return None


def path_of(model: str) -> Path:
    return Path(__file__).parent.parent / "models" / model
