"""The walk of scripts/cats_dogs on small pictures of shapes that are drawn here.

A cat is a three-leaved shape, a dog a four-leaved one. Transfer starts from a net that told other
shapes apart.
"""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import lmdb
import numpy as np
import pytest
from numpy.testing import assert_array_equal

import caffepy
from caffepy.core.context import Context
from caffepy.errors import DataError, NotFound
from caffepy.proto import caffe_pb2, wire
from caffepy.proto.text import read
from caffepy.services import means
from caffepy.solvers.solver import create_solver

ROOT = Path(__file__).parents[2]
HERE = ROOT / "scripts" / "cats_dogs"
SIZE = 48
SEEDS = (1, 2, 3)

# the outline of a shape: its radius at each angle
ANGLES = np.linspace(0, 2 * np.pi, 96, endpoint=False)
PETS = {
    "cat": 0.65 + 0.35 * np.cos(3 * ANGLES),
    "dog": 0.65 + 0.35 * np.cos(4 * ANGLES),
}
OTHERS = [
    np.ones_like(ANGLES),                                             # disc
    1 / np.hypot(np.cos(ANGLES), 3 * np.sin(ANGLES)),                 # ellipse
    0.65 + 0.35 * np.sign(np.cos(5 * ANGLES)),                        # wheels of 5 and 3 teeth
    0.65 + 0.35 * np.sign(np.cos(3 * ANGLES)),
    0.65 + 0.35 * np.sign(np.cos(4 * ANGLES)),
    0.65 + 0.35 * np.cos(2 * ANGLES),
    0.65 + 0.35 * np.cos(5 * ANGLES),
    0.65 + 0.35 * np.cos(6 * ANGLES),
]


def draw(radius, rng):
    """A bright shape of any size, place, turn and colour, under noise."""
    size = int(rng.integers(56, 72))
    back, front = rng.integers(0, 100, 3), rng.integers(150, 256, 3)
    picture = np.full((size, size, 3), back, np.uint8)
    reach = rng.uniform(0.28, 0.42) * size
    center = size / 2 + rng.uniform(-0.08, 0.08, 2) * size
    turned = ANGLES + rng.uniform(0, 2 * np.pi)
    points = center + reach * radius[:, None] * np.stack([np.cos(turned), np.sin(turned)], 1)
    cv2.fillPoly(picture, [points.round().astype(np.int32)], front.tolist())
    return np.clip(picture + rng.normal(0, 12, picture.shape), 0, 255).astype(np.uint8)


def draw_pets(folder, count, seed):
    """``count`` cats and as many dogs."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for number in range(count):
        for kind, radius in PETS.items():
            assert cv2.imwrite(str(folder / f"{kind}.{number}.jpg"), draw(radius, rng))
    return folder


@pytest.fixture(scope="module")
def step():
    """The modules of scripts/cats_dogs by name."""
    before = set(sys.modules)
    sys.path.insert(0, str(HERE))
    try:
        yield importlib.import_module
    finally:
        sys.path.remove(str(HERE))
        for name in set(sys.modules) - before:
            if str(HERE) in str(getattr(sys.modules[name], "__file__", "")):
                del sys.modules[name]


def train(step, data, number, seed, outputs=2, **settings):
    """Train small net 1 or 2 on the databases in ``data``; returns the last test's accuracy."""
    made = step("make_nets").files(str(data), "nets", small=True)
    param, net = made[f"solver_{number}.prototxt"], made[f"train_val_{number}.prototxt"]
    for layer in net.layer:
        if layer.name == "fc8":
            layer.inner_product_param.num_output = outputs
    param.MergeFrom(caffe_pb2.SolverParameter(random_seed=seed, **settings))
    param.ClearField("net")
    param.net_param.CopyFrom(net)
    with create_solver(param, context=Context(seed=seed)) as solver:
        solver.solve()
        (_, results), = solver.last_tests.values()
    return float(dict(results)["accuracy"][0])


def write_mean(data):
    mean = means.mean_of(str(data / "train_lmdb"))
    means.write(str(data / "mean.binaryproto"), mean)


@pytest.fixture(scope="module")
def pretrained(step, tmp_path_factory):
    """Weights of the small net that has learnt to tell other shapes apart."""
    data = tmp_path_factory.mktemp("others")
    rng = np.random.default_rng(0)
    picture = data / "picture.png"
    for name, count in (("train_lmdb", 1500), ("validation_lmdb", 100)):
        with lmdb.open(str(data / name), map_size=1 << 28) as env, env.begin(write=True) as records:
            for number in range(count):
                label = number % len(OTHERS)
                assert cv2.imwrite(str(picture), draw(OTHERS[label], rng))
                record = step("create_lmdb").datum(step("pictures").load(picture, SIZE), label)
                records.put(f"{number:05d}".encode(), record)
    write_mean(data)
    accuracy = train(step, data, 1, 1, outputs=len(OTHERS), max_iter=400,
                     snapshot_prefix=str(data / "others"))
    assert accuracy > 0.7
    return data / "others_iter_400.caffemodel"


@pytest.mark.parametrize("seed", SEEDS)
def test_transfer_beats_learning_from_nothing(step, pretrained, tmp_path, seed):
    folder = draw_pets(tmp_path / "train", 300, seed)
    step("create_lmdb").create(step("pictures").find(folder), tmp_path, SIZE, seed)
    write_mean(tmp_path)
    settings = {"snapshot_prefix": str(tmp_path / "model")}
    from_nothing = train(step, tmp_path, 1, seed, **settings)
    transfer = train(step, tmp_path, 2, seed, weights=[str(pretrained)], **settings)
    assert transfer >= from_nothing + 0.05
    assert transfer > 0.85


def test_the_whole_walk(pretrained, tmp_path):
    draw_pets(tmp_path / "train", 120, seed=4)
    draw_pets(tmp_path / "test", 15, seed=5)
    pytest.importorskip("matplotlib", reason="the learning curve needs matplotlib")
    done = subprocess.run(
        [str(HERE / "walk.sh"), "--small", "--data", str(tmp_path), "--weights", str(pretrained)],
        capture_output=True, text=True, timeout=900, cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHON": sys.executable,
             "GLOG_logtostderr": "1"})
    assert done.returncode == 0, done.stderr
    for name in ("model_1.png", "model_2.png"):
        picture = cv2.imread(str(tmp_path / name))
        assert picture.shape[0] > 500 and picture.std() > 5

    # one picture of six in validation, under keys of five digits that both databases share out
    keys = {}
    for part in ("train", "validation"):
        with lmdb.open(str(tmp_path / f"{part}_lmdb"), readonly=True, lock=False) as env:
            keys[part] = [key for key, _ in env.begin().cursor()]
    assert keys["validation"] == [b"%05d" % number for number in range(0, 240, 6)]
    assert sorted(keys["train"] + keys["validation"]) == [b"%05d" % n for n in range(240)]

    # the table of layers
    table = re.findall(r"^    (\w+) +(copied|initial values|unused) ", done.stdout, re.M)
    frozen = ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7"]
    assert table == [*((name, "copied") for name in frozen), ("fc8_cats_dogs", "initial values"),
                     ("fc8", "unused")]

    # the frozen layers are what they were, to the bit; the last one has learnt
    nets = {name: {layer.name: layer.blobs for layer in wire.read_net(path).layers if layer.blobs}
            for name, path in (("before", pretrained),
                               ("after", tmp_path / "model_2_iter_100.caffemodel"))}
    assert list(nets["after"]) == [*frozen, "fc8_cats_dogs"]
    for name in frozen:
        for one, other in zip(nets["before"][name], nets["after"][name], strict=True):
            assert_array_equal(one, other)

    # tests at the end, in order: from nothing, the classifier, transfer
    accuracies = [float(x) for x in re.findall(r"accuracy ([\d.]+)", done.stdout)]
    assert len(accuracies) == 3
    assert accuracies[1] > accuracies[0] + 0.05 and accuracies[2] > accuracies[0] + 0.05

    # predictions of pictures that no net has seen
    right = {}
    for number in (1, 2):
        head, *lines = (tmp_path / f"predictions_{number}.csv").read_text().split()
        named = dict(line.split(",") for line in lines)
        assert head == "id,label" and len(named) == 30
        right[number] = sum(["cat", "dog"][int(label)] == name.split(".")[0]
                            for name, label in named.items())
    assert right[2] >= 25 and right[2] > right[1]


def test_the_files_are_what_make_nets_writes(step, tmp_path):
    made = step("make_nets").files()
    step("make_nets").write(tmp_path, made)
    assert {path.name for path in HERE.glob("*.prototxt")} == set(made)
    for name in made:
        assert (HERE / name).read_text() == (tmp_path / name).read_text(), name


def test_the_full_nets_are_caffenet_with_two_outputs():
    for number, last in ((1, "fc8"), (2, "fc8_cats_dogs")):
        net = caffepy.Net(str(HERE / f"deploy_{number}.prototxt"), caffepy.TEST)
        assert net.blobs["data"].data.shape == (10, 3, 227, 227)
        assert net.blobs["prob"].data.shape == (10, 2)
        assert net.params[last][0].data.shape == (2, 4096)
        net.close()
        param = caffe_pb2.NetParameter()
        read(HERE / f"train_val_{number}.prototxt", param)
        rates = {layer.name: [p.lr_mult for p in layer.param] for layer in param.layer
                 if layer.param}
        learning = [name for name, (weights, bias) in rates.items() if weights or bias]
        assert len(rates) == 8 and rates.keys() == net.params.keys()
        assert learning == (list(rates) if number == 1 else [last])


def test_a_picture_is_equalised_and_resized(step, tmp_path):
    faint = np.full((30, 40, 3), 100, np.uint8)
    faint[:, 20:] = (101, 102, 103)
    cv2.imwrite(str(tmp_path / "cat.0.png"), faint)
    made = step("pictures").load(tmp_path / "cat.0.png", 16)
    assert made.shape == (16, 16, 3)
    assert (made[:, :6] == 0).all() and (made[:, 10:] == 255).all()
    record = caffe_pb2.Datum.FromString(step("create_lmdb").datum(made[:, :12], 1))
    assert (record.channels, record.height, record.width, record.label) == (3, 16, 12, 1)
    assert_array_equal(np.frombuffer(record.data, np.uint8).reshape(3, 16, 12),
                       made[:, :12].transpose(2, 0, 1))


def test_pictures_that_cannot_be_used_are_named(step, tmp_path):
    pictures = step("pictures")
    (tmp_path / "cat.10.jpg").write_bytes(b"no picture")
    (tmp_path / "cat.9.jpg").write_bytes(b"no picture")
    (tmp_path / "readme.txt").write_text("")
    found = pictures.find(tmp_path)
    assert [path.name for path in found] == ["cat.9.jpg", "cat.10.jpg"]
    with pytest.raises(DataError, match=r"cat\.\d+\.jpg.*cannot be decoded"):
        step("create_lmdb").create(found, tmp_path / "data", SIZE)
    assert not (tmp_path / "data" / "train_lmdb").exists()
    with pytest.raises(DataError, match="found 'bird'"):
        pictures.label_of(tmp_path / "bird.1.jpg")
    with pytest.raises(NotFound, match="no such folder"):
        pictures.find(tmp_path / "nowhere")
