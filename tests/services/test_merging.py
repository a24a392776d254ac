"""merge_bn: the net without normalizations gives the same, and says what it could not fold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from core.test_folding import FIRST, NORMS, PICTURE, norm

from caffepy.cli.merge_bn import merge_bn
from caffepy.core.net import Net
from caffepy.core.weights import save
from caffepy.errors import CaffeError, ConfigError, NumericError
from caffepy.proto import caffe_pb2
from caffepy.services.merging import merge, write

RELU = 'layer { name: "r" type: "ReLU" bottom: "%s" top: "%s" }\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def trained(text: str) -> Net:
    """The net in net.prototxt, and weights that scale and shift in net.caffemodel."""
    Path("net.prototxt").write_text(text)
    net = Net("net.prototxt", caffe_pb2.TEST)
    rng = np.random.default_rng(3)
    for blobs in net.params.values():
        for blob in blobs:
            blob.data[...] = rng.uniform(0.5, 2, blob.shape)
    save(net, "net.caffemodel", diff=False)
    return net


def outputs(net: Net) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    for name in net.input_names:
        net.blobs[name].data[...] = rng.normal(size=net.blobs[name].shape)
    net.forward()
    return {name: net.blobs[name].data.copy() for name in net.output_names}


@pytest.mark.parametrize("in_place", [True, False])
@pytest.mark.parametrize("kind", NORMS)
@pytest.mark.parametrize("first", FIRST)
def test_each_into_each(first, kind, in_place):
    top = "y" if in_place else "n"
    before = trained(PICTURE + FIRST[first] + norm(kind, top) + RELU % (top, top))
    merged = merge("net.prototxt", ["net.caffemodel"])
    assert merged.folded == [("w", ["n"])] and not merged.left
    assert write(merged, "out.prototxt", "Made.") == ["out.prototxt", "out.caffemodel"]
    after = Net("out.prototxt", caffe_pb2.TEST)
    after.load("out.caffemodel")
    assert after.layer_names == ["in", "w", "r"]
    expected, found = outputs(before), outputs(after)
    assert list(found) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-4, atol=1e-4 * np.abs(values).max())


CONV = """layer { name: "%s" type: "Convolution" bottom: "%s" top: "%s" convolution_param {
  num_output: 4 kernel_size: 1 weight_filler { type: "gaussian" } } %s }
"""
BN = 'layer { name: "%s" type: "BatchNorm" bottom: "%s" top: "%s" %s }\n'


def test_a_long_chain_and_what_stays():
    trained(
        PICTURE + CONV % ("a", "x", "a", "") + BN % ("bn", "a", "bn", "") + """
layer { name: "s" type: "Scale" bottom: "bn" top: "bn" scale_param { bias_term: true } }
layer { name: "t" type: "Bias" bottom: "bn" top: "t" }
layer { name: "p" type: "Pooling" bottom: "t" top: "p" pooling_param { kernel_size: 2 } }
""" + BN % ("after", "p", "after", "") + CONV % ("b", "after", "b", "")
        + BN % ("two", "b", "two", "") + """
layer { name: "sum" type: "Eltwise" bottom: "b" bottom: "two" top: "sum" }
""" + CONV % ("c", "x", "c", "")
        + BN % ("own", "c", "own", "batch_norm_param { use_global_stats: false }"))
    merged = merge("net.prototxt", ["net.caffemodel"])
    assert merged.folded == [("a", ["bn", "s", "t"])]
    assert merged.left == [
        ("after", "BatchNorm", "'p' (Pooling) before it is no sum over weights"),
        ("two", "BatchNorm", "'b' has other readers, too"),
        ("own", "BatchNorm", "it normalizes by what is in the batch")]
    assert merged.largest < 1e-5


def test_shared_weights_stay():
    shared = 'param { name: "w" } param { name: "b" }'
    text = PICTURE + CONV % ("a", "x", "a", shared) + CONV % ("b", "x", "b", shared)
    trained(text + BN % ("n", "a", "a", ""))
    merged = merge("net.prototxt", ["net.caffemodel"])
    assert not merged.folded
    assert merged.left == [("n", "BatchNorm", "'a' shares its weights with other layers")]


def test_nets_that_differ_are_refused(monkeypatch):
    trained(PICTURE + CONV % ("a", "x", "a", "") + BN % ("n", "a", "a", ""))
    from caffepy.layers.vision.convolution import Convolution

    right = Convolution.scaled
    monkeypatch.setattr(Convolution, "scaled", lambda self, factor, shift: [
        values * 1.01 for values in right(self, factor, shift)])
    with pytest.raises(NumericError, match="blob 'a' differs"):
        merge("net.prototxt", ["net.caffemodel"])


def test_a_net_for_training_is_sent_to_deploy():
    Path("net.prototxt").write_text("""
layer { name: "data" type: "DummyData" top: "x" dummy_data_param { shape { dim: 1 dim: 4 } } }""")
    with pytest.raises(ConfigError, match="caffepy deploy"):
        merge("net.prototxt", [])


def run(*words: str) -> None:
    merge_bn.callback(**dict(zip(("model", "weights", "out"), words, strict=True)))


def test_the_command(capsys):
    trained(PICTURE + CONV % ("a", "x", "a", "") + BN % ("n", "a", "a", ""))
    run("net.prototxt", "net.caffemodel", "new.prototxt")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "a  takes in n"
    assert lines[1].startswith("Both nets give the same for one input: largest difference ")
    assert lines[2] == "Wrote new.prototxt and new.caffemodel"
    assert Path("new.prototxt").read_text().startswith("# Made of net.prototxt by `caffepy merge_")


@pytest.mark.parametrize("words, said", [
    (("", "net.caffemodel", ""), "Need -model, -out"),
    (("net.prototxt", "net.caffemodel", "new"), "must end with .prototxt"),
    (("net.prototxt", "net.caffemodel", "net.prototxt"), "would overwrite"),
    (("net.prototxt", "net.caffemodel", "new.prototxt"), "nothing to fold"),
])
def test_what_cannot_be_done(words, said):
    trained(PICTURE + CONV % ("a", "x", "a", ""))
    with pytest.raises(CaffeError, match=said):
        run(*words)
    assert not Path("new.caffemodel").exists()
