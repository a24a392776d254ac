import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from support import build, check_gradient, random, run

from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.errors import ConfigError, DataError, ShapeError
from caffepy.proto import caffe_pb2, text
from caffepy.proto.caffe_pb2 import TRAIN

MIX = 'type: "MixUp" mixup_param { num_classes: 5 alpha: 0.7 }'
CUT = 'type: "MixUp" mixup_param { num_classes: 5 cutmix_alpha: 1 }'
BOTH = 'type: "MixUp" mixup_param { num_classes: 5 alpha: 0.7 cutmix_alpha: 1 switch_prob: 0.3 }'
N = 6
X = random(N, 2, 8, 12).astype(np.float32)
LABELS = np.array([0, 4, 1, 1, 3, 2], np.float32)
HOT = np.eye(5, dtype=np.float32)[LABELS.astype(int)]


@pytest.mark.parametrize("inplace", [False, True])
def test_mixup_by_its_formula(inplace):
    built = build(MIX, X, LABELS, inplace=inplace)
    layer, bottom, top = built
    seen = []
    for _ in range(40):
        y, t = run_at(built, len(seen))
        share, order, box = layer._mixed
        assert box is None and sorted(order.tolist()) == list(range(N))
        assert_allclose(y, share * X + (1 - share) * X[order], rtol=1e-5, atol=1e-6)
        assert_allclose(t, share * HOT + (1 - share) * HOT[order], rtol=1e-6)
        seen.append((share, tuple(order.tolist())))
    assert len({order for _, order in seen}) > 30
    assert 0.1 < np.std([share for share, _ in seen]) < 0.45  # Beta(0.7, 0.7) has 0.32


def run_at(built, position):
    layer, bottom, top = built
    bottom[0].data[...], bottom[1].data[...] = X, LABELS
    layer.position = position
    layer.forward(bottom, top)
    return top[0].data.copy(), top[1].data.copy()


def test_cutmix_by_its_formula():
    built = build(CUT, X, LABELS)
    layer, _, _ = built
    areas = []
    for position in range(200):
        y, t = run_at(built, position)
        share, order, (rows, columns) = layer._mixed
        inside = np.zeros((8, 12), bool)
        inside[rows, columns] = True
        assert_array_equal(y, np.where(inside, X[order], X))
        assert share == pytest.approx(1 - inside.mean())
        assert_allclose(t, share * HOT + (1 - share) * HOT[order], rtol=1e-6, atol=1e-7)
        assert_allclose(t.sum(1), 1, rtol=1e-6)
        areas.append(inside.mean())
    assert min(areas) < 0.05 and max(areas) > 0.6


def test_the_box_is_that_of_the_paper():
    """Sides of sqrt(1 - l), a middle anywhere, cut at the borders."""
    built = build(CUT, np.zeros((N, 1, 40, 40), np.float32), LABELS)
    layer, bottom, top = built
    for position in range(100):
        layer.position = position
        layer.forward(bottom, top)
        _, _, (rows, columns) = layer._mixed
        rng = Context(seed=layer.context.seed).generator(layer.stream, position + 1)
        rng.random(), rng.permutation(N)
        side = int(40 * np.sqrt(1 - rng.beta(1, 1)))
        for found in (rows, columns):
            start = int(rng.integers(40)) - side // 2
            assert (found.start, found.stop) == (max(start, 0), min(start + side, 40))


def test_one_or_the_other_or_none():
    built = build(BOTH.replace("switch_prob", "prob: 0.8 switch_prob"), X, LABELS)
    layer, _, _ = built
    kinds = []
    for position in range(600):
        y, t = run_at(built, position)
        mixed = layer._mixed
        kinds.append("none" if mixed is None else "mix" if mixed[2] is None else "cut")
        if mixed is None:
            assert_array_equal(y, X)
            assert_array_equal(t, HOT)
    for kind, expected in (("none", 0.2), ("cut", 0.8 * 0.3), ("mix", 0.8 * 0.7)):
        assert abs(kinds.count(kind) / 600 - expected) < 0.07, kind  # standard deviation 0.02


@pytest.mark.parametrize("inplace", [False, True])
def test_testing_passes_on(inplace):
    layer, bottom, top = build(BOTH, X, LABELS, phase="TEST", inplace=inplace)
    layer.forward(bottom, top)
    assert_array_equal(top[0].data, X)
    assert_array_equal(top[1].data, HOT)
    assert layer.position == 0


def test_soft_labels_come_in_too():
    soft = np.random.default_rng(1).dirichlet(np.ones(5), N).astype(np.float32)
    layer, bottom, top = build('type: "MixUp" mixup_param { alpha: 0.7 }', X, soft)
    layer.forward(bottom, top)
    share, order, _ = layer._mixed
    assert_allclose(top[1].data, share * soft + (1 - share) * soft[order], rtol=1e-6)


@pytest.mark.parametrize("line", [MIX, CUT, BOTH])
def test_gradient(line):
    for inplace in (False, True):
        check_gradient(line, X, LABELS, inplace=inplace, tops=[0])


def test_each_forward_draws_anew_and_a_position_repeats_its_draw():
    built = build(MIX, X, LABELS)
    first = run(built, [X, LABELS])[0]
    assert (run_at(built, 1)[0] != first).any()
    assert_array_equal(run_at(built, 0)[0], first)


@pytest.mark.parametrize("words, bottoms, error, message", [
    ("num_classes: 5", (X, LABELS), ConfigError, "needs alpha, cutmix_alpha or both"),
    ("num_classes: 5 alpha: nan", (X, LABELS), ConfigError, "needs alpha, cutmix_alpha or both"),
    ("num_classes: 5 alpha: 1 cutmix_alpha: nan", (X, LABELS), ConfigError, "needs alpha"),
    ("num_classes: 5 alpha: -1", (X, LABELS), ConfigError, "found alpha -1"),
    ("num_classes: 5 alpha: 1 prob: 2", (X, LABELS), ConfigError, "prob is a probability"),
    ("alpha: 1", (X, LABELS), ConfigError, "needs num_classes"),
    ("num_classes: 5 alpha: 1", (X, LABELS[:5]), ShapeError, "one label for each item"),
    ("num_classes: 5 cutmix_alpha: 1", (X[:, 0, 0], LABELS), ShapeError, "needs pictures"),
    ("num_classes: 4 alpha: 1", (X, LABELS), DataError, "4"),
])
def test_what_cannot_be(words, bottoms, error, message):
    with pytest.raises(error, match=message):
        layer, bottom, top = build(f'type: "MixUp" mixup_param {{ {words} }}', *bottoms)
        layer.forward(bottom, top)


NET = """layer { name: "d" type: "DummyData" top: "data" top: "label" dummy_data_param {
  shape { dim: 8 dim: 3 } shape { dim: 8 } data_filler { type: "gaussian" }
  data_filler { type: "constant" value: 2 } } }
layer { name: "mix" type: "MixUp" bottom: "data" bottom: "label" top: "data" top: "soft"
  include { phase: TRAIN } mixup_param { num_classes: 4 alpha: 0.5 } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SigmoidCrossEntropyLoss" bottom: "ip" bottom: "soft" top: "loss"
  include { phase: TRAIN } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss"
  include { phase: TEST } }"""


def test_in_place_in_a_net_that_tests_without_it():
    param = caffe_pb2.NetParameter()
    text.parse(NET, param)
    net = Net(param, TRAIN, context=Context(seed=1))
    net.forward()
    net.backward()
    assert np.abs(net.params["ip"][0].diff).sum() > 0
    assert_array_equal(net.blobs["soft"].data, np.tile(np.eye(4)[2], (8, 1)))
    assert Net(param, caffe_pb2.TEST, context=Context(seed=1)).forward()
