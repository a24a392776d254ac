"""Every case recorded from Caffe's forks gives the same numbers, on every engine."""

from __future__ import annotations

import numpy as np
import pytest
from support import ENGINES, REFERENCE, run_case

from caffepy.core import obeys, registry
from caffepy.proto import caffe_pb2, text

CASES = {path.stem: path for path in sorted((REFERENCE / "forks").glob("*.npz"))}


def known(path) -> bool:
    """Whether all layer types of the case are here, with all words that it has."""
    spec = caffe_pb2.NetParameter()
    with np.load(path) as case:
        text.parse(str(case["prototxt"]), spec)
    return all(registry.known(layer.type) and not any(
        obeys.split(obeys.words_of(layer, registry.of(layer).cls), registry.of(layer).cls)[:1])
        for layer in spec.layer)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", [name for name, path in CASES.items() if known(path)])
def test_case(name, engine):
    path = CASES[name]
    with np.load(path) as case:  # bounds are relative to the largest number
        largest = max(float(np.abs(value).max(initial=0)) for key, value in case.items()
                      if value.dtype.kind == "f")
    run_case(path, [engine], atol=1e-5 * max(1.0, largest))
