"""ONNX models for the tests, and what they give beside the nets that are made of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

onnx = pytest.importorskip("onnx", reason="the extra [onnx] is not installed")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from caffepy.core.net import Net  # noqa: E402
from caffepy.exchange import onnx_library  # noqa: E402
from caffepy.exchange.files import Options  # noqa: E402
from caffepy.exchange.into.reader import read  # noqa: E402
from caffepy.proto import caffe_pb2  # noqa: E402

RNG = np.random.default_rng(1701)


def numbers(*shape: int, low: float = -1, high: float = 1) -> np.ndarray:
    return RNG.uniform(low, high, shape).astype(np.float32)


def model(nodes: Sequence[Any], shape: Sequence[Any] | dict[str, Sequence[Any]],
          outputs: Sequence[str] = ("y",), opset: int = 17, domains: Sequence[str] = (),
          **constants: Any) -> Any:
    """A model of these nodes; its input is x, unless ``shape`` names several. ``domains``: of
    operations that are not ONNX's own."""
    shapes = shape if isinstance(shape, dict) else {"x": shape}
    graph = helper.make_graph(
        list(nodes), "net",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(one))
         for name, one in shapes.items()],
        [helper.make_empty_tensor_value_info(name) for name in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()])
    made = helper.make_model(graph, opset_imports=[
        helper.make_opsetid("", opset), *(helper.make_opsetid(name, 1) for name in domains)])
    made.ir_version = 8
    return onnx.shape_inference.infer_shapes(made)


def node(operation: str, *inputs: str, to: str = "y", **attributes: Any) -> Any:
    return helper.make_node(operation, list(inputs), to.split(","), **attributes)


def saved(made: Any, folder: Path) -> Path:
    path = folder / "model.onnx"
    onnx.save(made, str(path))
    return path


def converted(made: Any, folder: Path) -> Any:
    """The NetParameter."""
    return read(saved(made, folder), Options(check=False))[0]


def check(made: Any, folder: Path, inputs: dict[str, Any] | None = None, rtol: float = 1e-4) -> Any:
    """Hold the net that is made of a model against the model; returns the NetParameter."""
    param = converted(made, folder)
    net = Net(param, caffe_pb2.TEST)
    given = {name: net.blobs[name].shape for name in net.input_names}
    inputs = inputs or {name: numbers(*shape, low=-2, high=2) for name, shape in given.items()}
    names = [output.name for output in made.graph.output]
    expected = onnx_library.runtime(made)[1](names, dict(inputs))
    for name, values in inputs.items():
        net.blobs[name].data[...] = values
    net.forward()
    for name, values in zip(names, expected, strict=True):
        ours = net.blobs[name].data
        assert ours.shape == values.shape, name
        assert np.abs(values).max(initial=0) > 0
        assert_allclose(ours, values, rtol, rtol * float(np.abs(values).max()), err_msg=name)
    assert set(net.output_names) <= set(names)
    net.close()
    return param


def types(param: Any) -> list[str]:
    return [layer.type for layer in param.layer]
