"""What tests are made of: layers by themselves (caffepy.testing), and recorded cases.

    layer, bottom, top = build('type: "ReLU" relu_param { negative_slope: 0.1 }', (2, 3))
    run_case("relu")
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.testing import assert_allclose

from caffepy.core.context import Context
from caffepy.proto import caffe_pb2, text
from caffepy.testing import ENGINES as ENGINES
from caffepy.testing import SEED as SEED
from caffepy.testing import build as build
from caffepy.testing import check_gradient as check_gradient
from caffepy.testing import feed as feed
from caffepy.testing import parse as parse
from caffepy.testing import random as random
from caffepy.testing import run as run

REFERENCE = Path(__file__).parent / "reference"

# every update rule, with settings that suit it
RULES = {
    "SGD": "momentum: 0.9", "Nesterov": "momentum: 0.9", "AdaGrad": "delta: 1e-3",
    "RMSProp": "rms_decay: 0.9 delta: 1e-3", "AdaDelta": "momentum: 0.95 delta: 1e-3",
    "Adam": "momentum: 0.9 momentum2: 0.99 delta: 1e-3",
    "AdamW": "momentum: 0.9 momentum2: 0.99 delta: 1e-3",
}


def case_names() -> list[str]:
    """The names of all recorded layer cases."""
    return sorted(path.stem for path in (REFERENCE / "layers").glob("*.npz"))


def same(ours: Any, expected: Any, rtol: float = 1e-4, atol: float = 1e-5, what: str = "") -> None:
    """The numbers are equal, within bounds that TF32 loosens on a GPU that may use it.

    TF32 rounds factors to 11 bits, so a sum of products is off by up to 1e-3 of its largest
    terms, and what follows by a few times as much.
    """
    if tf32_on_a_real_gpu():
        rtol, atol = 2e-2, 1e-2 * max(1.0, float(np.abs(expected).max(initial=0)))
    assert_allclose(ours, expected, rtol, atol, err_msg=what)


ROUNDINGS = 16  # of half an epsilon each: numbers on their way through a small net
HALF_EPSILON = {"float16": 2.0**-10, "bfloat16": 2.0**-7}


def same_in_half(ours: Any, expected: Any, precision: str, what: str = "", ties: bool = False
                 ) -> None:
    """Equal as a whole, but for what some roundings of all that it is made of change.

    The difference is measured against the size of the whole, since single numbers may be sums that
    nearly cancel.

    Args:
        ties: values that rounding makes equal may win a window that others would have won.
    """
    most = 0.25 if ties else ROUNDINGS * HALF_EPSILON[precision] / 2
    norm = max(float(np.linalg.norm(expected)), 1e-3 * np.sqrt(expected.size))
    apart = float(np.linalg.norm(np.asarray(ours, np.float64) - expected)) / norm
    assert apart <= most, f"{what}: off by {apart:.3g} of its norm, allowed {most:.3g}"


def tf32_on_a_real_gpu() -> bool:
    """Whether these tests run on a device that rounds factors; the fake one does not."""
    return os.environ.get("CAFFEPY_TEST_GPU") == "1" and os.environ.get("CAFFEPY_TF32") != "0"


def run_case(
    name: str, engines: Sequence[str] | None = None, *, dtype: Any = np.float32,
    rtol: float = 1e-4, atol: float = 1e-5, device: str | int = "cpu",
    precision: str | None = None,
) -> None:
    """Run a net recorded from the original: forward, backward, and compare every number.

    Args:
        name: of a case in tests/reference/layers, or a path to one.
        precision: "float16" or "bfloat16": activations lie so, and bounds are wide.
    """
    from caffepy.core.net import Net

    path = Path(name) if str(name).endswith(".npz") else REFERENCE / "layers" / f"{name}.npz"
    with np.load(path) as file:
        case = dict(file)
    spec = caffe_pb2.NetParameter()
    text.parse(str(case.pop("prototxt")), spec)
    net = Net(spec, int(case.pop("phase")), context=Context(
        device, seed=SEED, engines=engines, precision=precision), dtype=dtype)

    def array(key: str) -> np.ndarray:
        kind, owner, *index = key.split("/")
        blob = net.params[owner][int(index[0])] if index else net.blobs[owner]
        return blob.diff if kind.endswith("diff") else blob.data

    def put(*kinds: str) -> None:
        for key, value in case.items():
            if key.split("/")[0] in kinds:
                array(key)[...] = value

    def compare(*kinds: str) -> None:
        for key, value in case.items():
            if key.split("/")[0] in kinds:
                assert array(key).shape == value.shape, key
                if precision:
                    ties = "pool_max" in name and key.startswith("bottom_diff")
                    same_in_half(array(key), value, precision, f"{name}: {key}", ties)
                else:
                    same(array(key), value, rtol, atol, key)

    put("param", "bottom")
    net.forward()
    compare("top", "param_after")
    if any(key.endswith("_diff") or "_diff/" in key for key in case):
        put("top_diff")
        net.clear_param_diffs()
        net.backward()
        compare("bottom_diff", "param_diff")
    net.close()

