"""Every layer case recorded from a fork, whose types are all here, gives the same numbers on every
engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import ENGINES, REFERENCE, run_case

from caffepy.core import obeys, registry
from caffepy.proto import caffe_pb2, text


def is_known(path: Path) -> bool:
    """Whether all types are registered, and follow all words that are there."""
    net = caffe_pb2.NetParameter()
    with np.load(path) as file:
        text.parse(str(file["prototxt"]), net)
    if not all(registry.known(layer.type) for layer in net.layer):
        return False
    classes = [(layer, registry.of(layer).cls) for layer in net.layer]
    return not any(obeys.split(obeys.words_of(layer, cls), cls)[0] for layer, cls in classes)


CASES = [path for path in sorted((REFERENCE / "forks").glob("*.npz")) if is_known(path)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path, engine):
    with np.load(path) as file:
        largest = max(float(np.abs(file[key]).max(initial=0)) for key in file
                      if key.startswith(("top/", "bottom_diff/", "param_diff/")))
    run_case(path, [engine], atol=1e-5 * max(1.0, largest))


def test_cases_are_here():
    assert CASES
