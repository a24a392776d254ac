"""The onnx and onnxruntime packages, imported when they are needed."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from caffepy.errors import CaffeError, ConfigError, NotFound

Array = np.ndarray[Any, Any]
Run = Callable[[Sequence[str], dict[str, Array]], list[Array]]  # names of outputs, inputs

CURE = "pip install 'caffepy[onnx]'"
OTHERWISE = "pip install -U onnxruntime, or a lower -opset; -nocheck leaves the comparison out"
NOTHING = 4  # that onnxruntime logs: what it says comes as an exception, too


def onnx() -> Any:
    """The onnx package, with its helpers.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        for part in ("helper", "numpy_helper", "checker", "shape_inference"):
            importlib.import_module(f"onnx.{part}")
        return importlib.import_module("onnx")
    except ImportError as error:
        raise ConfigError("ONNX needs the onnx package", found=str(error), fix=CURE) from None


def newest_opset() -> int:
    """The newest opset that the onnx package knows."""
    return int(onnx().defs.onnx_opset_version())


def load(model: Any) -> Any:
    """A ModelProto, of one or of a file.

    Raises:
        CaffeError: it is no ONNX model.
    """
    if not isinstance(model, str | bytes) and hasattr(model, "graph"):
        return model
    try:
        return onnx().load(str(model))
    except FileNotFoundError as error:
        raise NotFound(f"File not found: {model}") from error
    except CaffeError:
        raise
    except Exception as error:  # protobuf's DecodeError among them, which has many homes
        raise CaffeError("this is no ONNX model", where=str(model), found=str(error)) from error


def runtime(model: Any) -> tuple[str, Run]:
    """What runs a ModelProto, and its name: onnxruntime, or ONNX's own evaluator without it.

    Raises:
        CaffeError: it cannot run the model; the message has its words.
    """
    with _named_errors("onnxruntime"):
        try:
            ort = importlib.import_module("onnxruntime")
        except ImportError:
            return "onnx's reference evaluator", _reference(model)
        settings = ort.SessionOptions()
        settings.log_severity_level = NOTHING
        session = ort.InferenceSession(model.SerializeToString(), settings,
                                       providers=["CPUExecutionProvider"])

    def run(names: Sequence[str], inputs: dict[str, Array]) -> list[Array]:
        with _named_errors("onnxruntime"):
            found: list[Array] = session.run(list(names), inputs)
            return found

    return "onnxruntime", run


def _reference(model: Any) -> Run:
    evaluator = importlib.import_module("onnx.reference").ReferenceEvaluator(model)

    def run(names: Sequence[str], inputs: dict[str, Array]) -> list[Array]:
        with _named_errors("onnx's reference evaluator"):
            found: list[Array] = evaluator.run(list(names), inputs)
            return found

    return run


@contextlib.contextmanager
def _named_errors(who: str) -> Iterator[None]:
    try:
        yield
    except CaffeError:
        raise
    except Exception as error:  # each version has exceptions of its own
        first = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise CaffeError(f"{who} cannot run the model", found=first[0], fix=OTHERWISE) from error
