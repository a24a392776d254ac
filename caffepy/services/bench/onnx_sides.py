"""ONNX Runtime and OpenVINO as sides of a bench: the net as an ONNX model, forward alone.

Both get the model that ``caffepy convert`` writes, in memory, and the inputs of our net.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np

from caffepy import log
from caffepy.core.context import Context
from caffepy.core.memory import Place
from caffepy.core.net import Net
from caffepy.errors import CaffeError
from caffepy.proto import caffe_pb2
from caffepy.services.bench.nets import SEED
from caffepy.services.bench.side import AGREEMENT, Side
from caffepy.services.bench.sides import HALF, check

logger = log.get(__name__)

Array = np.ndarray[Any, Any]
Run = Callable[[dict[str, Array]], list[Array]]
# the words of OpenVINO for what numbers are; by itself it takes bfloat16 where the CPU has it
PRECISIONS = {"bfloat16": "bf16", "float16": "f16"}


def onnx_sides(net: Net, param: Any, threads: int, precision: str | None) -> dict[str, Side]:
    """Name to side, of those that are installed and have all layers of the net.

    Args:
        net: our side's; what both give is held against its outputs.
        param: what it was made of.
        precision: of activations; ONNX Runtime has float32 alone on a CPU.

    Raises:
        ConfigError: one gives other outputs.
    """
    makers = {name: maker for name, (package, maker) in SIDES.items()
              if importlib.util.find_spec(package)}
    if not makers or not importlib.util.find_spec("onnx"):
        return {}
    try:
        model, names = exported(param)
    except CaffeError as error:
        logger.warning("%s left out: %s", " and ".join(makers), error)
        return {}
    inputs = {value.name: net.blobs[value.name].values.read(Place.HOST).copy()
              for value in model.graph.input}
    sides = {}
    for name, maker in makers.items():
        told, run = maker(model.SerializeToString(), list(names.values()), threads, precision)
        most = max(AGREEMENT, HALF.get(precision or "", 0.0))
        for (blob, values, _), theirs in zip(
                (output for output in net.outputs() if output[0] in names), run(inputs),
                strict=True):
            check(f"output '{blob}' of {name}", values, np.asarray(theirs).reshape(-1), most)
        sides[name + told] = Side(lambda run=run: run(inputs))  # type: ignore[misc]
    return sides


def exported(param: Any) -> tuple[Any, dict[str, str]]:
    """The net as an ONNX model, with the weights of its seed; and what its outputs are called.

    Raises:
        ConfigError: layers that ONNX cannot say.
    """
    from caffepy.exchange.files import Options
    from caffepy.exchange.out.exporter import export

    plain = Net(param, caffe_pb2.TEST, context=Context(seed=SEED))
    try:
        made = export(plain, Options())
        return made.model, made.outputs
    finally:
        plain.close()


def onnx_runtime(model: bytes, outputs: list[str], threads: int, precision: str | None
                 ) -> tuple[str, Run]:
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])

    def run(inputs: dict[str, Array]) -> list[Array]:
        return session.run(outputs, inputs)  # type: ignore[no-any-return]

    return ", float32" if precision in PRECISIONS else "", run


def openvino(model: bytes, outputs: list[str], threads: int, precision: str | None
             ) -> tuple[str, Run]:
    import openvino as ov

    core = ov.Core()
    compiled = core.compile_model(core.read_model(model), "CPU", {
        "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": PRECISIONS.get(precision or "", "f32")})
    request = compiled.create_infer_request()
    given = {value.get_any_name() for value in compiled.inputs}

    def run(inputs: dict[str, Array]) -> list[Array]:
        request.infer({k: v for k, v in inputs.items() if k in given}, share_inputs=True)
        return [request.get_tensor(name).data for name in outputs]

    return f", {precision}" if precision in PRECISIONS else "", run


SIDES = {"ONNX Runtime": ("onnxruntime", onnx_runtime), "OpenVINO": ("openvino", openvino)}
