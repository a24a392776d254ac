"""bfloat16 on the host: exact rounding, and nets whose activations lie so.

The numbers of kernels are held to it in tests/fuzz, on every instruction set.
"""

from __future__ import annotations

import logging
from dataclasses import replace

import caffe
import numpy as np
import pytest
from gpu.test_half import CLOSENESS, lenet
from gpu.test_precision import NET, TYPES, build, converting, halves
from numpy.testing import assert_array_equal
from support import REFERENCE, case_names, run_case

from caffepy.core import bfloat16
from caffepy.core.memory import Mover, Place, SyncedMemory, Tensor
from caffepy.core.place import HALVES
from caffepy.errors import ConfigError
from caffepy.kernels.contract import Unsupported
from caffepy.kernels.onednn import OneDnnEngine
from caffepy.kernels.onednn.runtime import Runtime
from caffepy.kernels.operations.convolution import ConvolutionSpec
from caffepy.kernels.operations.inner_product import InnerProductSpec
from caffepy.kernels.operations.lrn import LRNSpec

B16 = TYPES.replace("FLOAT16", "BFLOAT16")


@pytest.fixture(scope="module")
def engine():
    try:
        found = OneDnnEngine()
    except Unsupported as missing:
        pytest.skip(str(missing))
    if missing := found.without("bfloat16"):
        pytest.skip(missing)
    return found


@pytest.fixture
def told(caplog):
    caplog.set_level(logging.INFO, "caffepy")
    return lambda word: [r.getMessage() for r in caplog.records if word in r.getMessage()]


def test_every_bfloat16_is_itself_and_what_lies_between_goes_to_the_nearest():
    bits = np.arange(2**16, dtype=np.uint16)
    numbers = bfloat16.widened(bits)
    with np.errstate(invalid="ignore"):
        same = bfloat16.rounded(numbers) == bits
    assert same[~np.isnan(numbers)].all()
    assert np.isnan(bfloat16.widened(bfloat16.rounded(numbers[np.isnan(numbers)]))).all()
    below = numbers[:0x7F7F].astype(np.float64)  # positive and finite, and the next one is, too
    above = numbers[1:0x7F80].astype(np.float64)
    for share, wanted in ((0.25, below), (0.75, above)):
        between = (below + share * (above - below)).astype(np.float32)
        assert_array_equal(bfloat16.widened(bfloat16.rounded(between)), wanted)
    middle = bfloat16.rounded(((below + above) / 2).astype(np.float32))
    assert (middle % 2 == 0).all()


@pytest.mark.parametrize("dtype", HALVES)
def test_a_mover_of_the_engine_converts_as_numpy_does(engine, dtype):
    values = np.random.default_rng(1).standard_normal((3, 20, 9, 8)).astype(np.float32)
    values.reshape(-1)[:5] = 0, -0.0, np.inf, -np.inf, np.nan
    found = []
    for mover in (Mover(), engine.mover()):
        tensor = Tensor(SyncedMemory(values.size, np.float32, mover), values.shape)
        tensor.overwrite(Place.HOST)[...] = values
        rounded = tensor.write(Place.HOST_LAST.holding(dtype)).copy()
        found.append([rounded, tensor.read(Place.HOST).copy(), tensor.read(Place.HOST_LAST).copy(),
                      tensor.read(Place.HOST.holding(dtype)).copy()])
        assert mover.conversions == 3
    for numpys, engines in zip(*found, strict=True):
        assert_array_equal(engines, numpys)


@pytest.mark.parametrize("name", case_names())
def test_layer_case(name, engine):
    run_case(name, precision="bfloat16")


def test_who_works_in_it_and_what_is_said(engine, told):
    net = build(B16 + NET, "cpu")
    assert set(halves(net).values()) == {"bfloat16"}
    assert told("stored in bfloat16; parameters, their gradients and sums in float32")
    # a gradient of LRN for 4 channels is not to be trusted, and drawing is NumPy's
    assert told("is converted: LRN, Dropout, SoftmaxWithLoss")
    net.forward()
    net.backward()
    assert {place.half for place in net.blobs["c"].values.memory.state.valid} == {"bfloat16"}
    assert set(converting(net)) == {"lrn", "both", "drop", "ip", "loss",
                                    "n_relu_0_split", "sum"}
    for parameter in net.parameters:
        valid = parameter.blob.grads.memory.state.valid or {Place.HOST}
        assert {place.half for place in valid} == {None}
    assert net.blobs["c"].data.dtype == np.float32


def test_a_processor_without_it_says_so_in_one_line(told, monkeypatch):
    monkeypatch.setattr(Runtime, "has_bfloat16", False)
    net, plain = build(B16 + NET, "cpu"), build(NET, "cpu")
    assert told("bfloat16") == [
        "Layers store float32: bfloat16 wants a CPU with AVX512_BF16 or AMX"]
    for each in (net, plain):
        each.forward()
        each.backward()
    assert_array_equal(net.params["conv"][0].diff, plain.params["conv"][0].diff)


def test_lenet_trains_as_in_float32(engine, mnist, tmp_path):
    recorded = np.load(REFERENCE / "lenet_trajectory_200.npz")
    solver = lenet(mnist, tmp_path, "cpu", "bfloat16")
    try:
        solver.step(6)
        difference = np.abs(np.array(solver.losses) - recorded["loss"][:6])
        assert 0 < difference.max() < CLOSENESS["bfloat16"]
        weights = solver.net.params["conv2"][0].data
        assert (bfloat16.widened(bfloat16.rounded(weights)) != weights).mean() > 0.9
    finally:
        solver.close()


def test_a_script_asks_by_name(engine, tmp_path):
    file = tmp_path / "net.prototxt"
    file.write_text("""
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "x" top: "c" convolution_param {
        num_output: 4 kernel_size: 3 weight_filler { type: "msra" } } }
layer { name: "relu" type: "ReLU" bottom: "c" top: "y" }""")
    outputs = []
    for options in ({}, {"precision": "bfloat16"}, {"precision": "bfloat16", "optimize": True}):
        caffe.set_random_seed(3)
        net = caffe.Net(str(file), caffe.TEST, **options)
        net.blobs["x"].data[...] = np.random.default_rng(1).standard_normal((2, 3, 8, 8))
        outputs.append(net.forward()["y"].copy())
    plain, *stored = outputs
    for each in stored:
        assert_array_equal(bfloat16.widened(bfloat16.rounded(each)), each)
        assert 0 < np.abs(each - plain).max() < 2.0**-7 * plain.max()
    with pytest.raises(ConfigError, match="found bfloat; allowed: float32"):
        caffe.Net(str(file), caffe.TEST, precision="bfloat")


@pytest.mark.parametrize("spec", [
    # oneDNN 3.2 gives wrong numbers for these
    ConvolutionSpec((2, 16, 4, 1), (16, 16, 3, 3), (2, 16, 2, 1), (2, 2), (1, 1), (1, 1)),
    LRNSpec("across", (2, 24, 3, 3), 5, 1.0, 0.75, 1.0, True),
    LRNSpec("across", (2, 32, 3, 3), 9, 1.0, 0.75, 1.0, True),
    # and is slower for this
    InnerProductSpec(10, 2048, 1024),
], ids=lambda spec: type(spec).__name__)
def test_what_is_wrong_or_slow_stays_float32(engine, spec):
    with pytest.raises(Unsupported):
        engine.plan(replace(spec, dtype="bfloat16"))
    if not isinstance(spec, LRNSpec):
        engine.plan(replace(spec, dtype="bfloat16", training=False))


def test_implementations_that_are_wrong_are_never_tried(engine):
    spec = ConvolutionSpec((2, 40, 12, 5), (17, 40, 1, 1), (2, 17, 12, 5), (1, 1), (0, 0), (1, 1),
                           dtype="bfloat16")
    found = engine.plan(spec).candidates()
    assert all(len(names) > 1 for names in found.values())
    assert not [name for names in found.values() for name in names if "jit_bf16_1x1" in name]
