"""deploy on nets of many kinds: data layers, losses, phases. What it makes is built, gets the
weights, and says what the net for training says."""

import os

import cv2
import h5py
import numpy as np
import pytest
from numpy.testing import assert_allclose

from caffepy import TEST, Net
from caffepy.data.db import new_db
from caffepy.errors import CaffeError, ConfigError
from caffepy.proto import caffe_pb2
from caffepy.services.deploying import deploy
from caffepy.tools.deploy import main

RNG = np.random.default_rng(1701)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with new_db("features", "lmdb") as db:
        db.put(b"0", caffe_pb2.Datum(channels=3, height=12, width=12, float_data=[1.5] * 432
                                     ).SerializeToString())
    for name, channels in (("colour", 3), ("gray", 1), ("pair", 2)):
        with new_db(name, "lmdb") as db:
            for i in range(2):
                pixels = RNG.integers(0, 256, channels * 144, np.uint8).tobytes()
                db.put(b"%d" % i, caffe_pb2.Datum(channels=channels, height=12, width=12, label=i,
                                                  data=pixels).SerializeToString())
    with h5py.File("x.h5", "w") as file:
        for name, shape in (("data", (4, 3, 12, 12)), ("other", (4, 3, 12, 12)), ("flat", (4, 5))):
            file[name] = RNG.normal(size=shape).astype(np.float32)
        file["label"], file["similar"] = np.arange(4.0) % 3, np.arange(4.0) % 2
        file["several"] = np.arange(12.0).reshape(4, 3) % 2
    (tmp_path / "list").write_text("x.h5\n")
    cv2.imwrite("p.png", RNG.integers(0, 256, (30, 24, 3)).astype(np.uint8))
    (tmp_path / "pictures").write_text("p.png 0\n" * 3)
    (tmp_path / "windows").write_text("# 0\np.png\n3\n30\n24\n2\n1 0.9 0 0 9 9\n0 0.1 5 5 15 15\n")


def data(kind="Data", tops=("data", "label"), name="data", more="", **fields):
    own = {"Data": ("data_param", dict(source='"colour"', backend="LMDB", batch_size=2)),
           "ImageData": ("image_data_param", dict(source='"pictures"', batch_size=2)),
           "HDF5Data": ("hdf5_data_param", dict(source='"list"', batch_size=2)),
           "MemoryData": ("memory_data_param", dict(batch_size=2, channels=3, height=12, width=12)),
           "WindowData": ("window_data_param", dict(source='"windows"', batch_size=4))}[kind]
    words = " ".join(f"{key}: {value}" for key, value in {**own[1], **fields}.items())
    tops = " ".join(f'top: "{top}"' for top in tops)
    return f'layer {{ name: "{name}" type: "{kind}" {tops} {own[0]} {{ {words} }} {more} }}\n'


def layer(name, kind, *bottoms, more="", tops=()):
    bottoms = " ".join(f'bottom: "{bottom}"' for bottom in bottoms)
    tops = " ".join(f'top: "{top}"' for top in tops or (name,))
    return f'layer {{ name: "{name}" type: "{kind}" {bottoms} {tops} {more} }}\n'


def ip(name="ip", bottom="data", outputs=3, more=""):
    return layer(name, "InnerProduct", bottom, more=more + " inner_product_param { num_output: "
                 f'{outputs} weight_filler {{ type: "xavier" }} }}')


def loss(kind="SoftmaxWithLoss", *bottoms, name="loss", more="", tops=()):
    return layer(name, kind, *(bottoms or ("ip", "label")), more=more, tops=tops)


def score(*bottoms, more=""):
    return layer("accuracy", "Accuracy", *(bottoms or ("ip", "label")), more=more)


IN_TRAIN, IN_TEST = "include { phase: TRAIN }", "include { phase: TEST }"
PROB = layer("prob", "Softmax", "ip", more=IN_TEST)
BODY = data() + ip()

SHARED = 'param { name: "w" } param { name: "b" }'
TWINS = (ip("one", "a", 2, SHARED) + ip("two", "b", 2, SHARED)
         + loss("ContrastiveLoss", "one", "two", "similar"))

# name: the net, the inputs of what is made, its layers behind them, what equals the trained net's
KINDS = {
    "TEST only scores": (BODY + score(more=IN_TEST) + loss(more=IN_TRAIN), "data", "ip prob", "ip"),
    "TEST has a Softmax": (BODY + PROB + loss(more=IN_TRAIN), "data", "ip prob", "prob"),
    "which is scored": (BODY + PROB + score("prob", "label", more=IN_TEST) + loss(more=IN_TRAIN),
                        "data", "ip prob", "prob"),
    "a score and no loss": (BODY + score(), "data", "ip", "ip"),
    "a loss alone": (BODY + loss(), "data", "ip prob", "ip"),
    "a loss of weight 0": (BODY + loss(more="loss_weight: 0"), "data", "ip prob", "ip"),
    "probabilities beside the loss": (
        BODY + loss(tops=("loss", "p")) + score("p", "label"), "data", "ip p", "p"),
    "a loss behind a Softmax": (
        BODY + layer("s", "Softmax", "ip") + loss("MultinomialLogisticLoss", "s", "label"),
        "data", "ip s", "s"),
    "a Sigmoid behind the loss": (
        data("HDF5Data", ("flat", "several")) + ip("ip", "flat")
        + loss("SigmoidCrossEntropyLoss", "ip", "several") + layer("s", "Sigmoid", "ip")
        + loss("EuclideanLoss", "s", "several", name="l2", more="loss_weight: 0"),
        "flat", "ip s", "s"),
    "labels first": (data("HDF5Data", ("flat", "several")) + ip("ip", "flat")
                     + loss("EuclideanLoss", "several", "ip"), "flat", "ip", "ip"),
    "two losses": (BODY + ip("ip2") + loss() + loss("HingeLoss", "ip2", "label", name="hinge"),
                   "data", "ip ip2 prob", "ip2"),
    "a lighter one": (BODY + ip("side") + loss("SoftmaxWithLoss", "side", "label", name="l2",
                                               more="loss_weight: 0.3") + loss(),
                      "data", "ip prob", "ip"),
    "a prediction that nobody reads": (BODY + layer("best", "ArgMax", "ip") + loss(),
                                       "data", "ip best prob", "best"),
    "a label on a way of its own": (
        BODY + layer("twice", "Power", "label") + loss("SoftmaxWithLoss", "ip", "twice"),
        "data", "ip prob", "ip"),
    "a loss of several layers": (
        data("HDF5Data", ("flat", "several")) + ip("ip", "flat")
        + layer("negative", "Power", "several", more="power_param { scale: -1 }")
        + layer("difference", "Eltwise", "ip", "negative")
        + layer("sum", "Reduction", "difference", more="loss_weight: 1"), "flat", "ip", "ip"),
    "a label that is an input, too": (
        BODY + layer("word", "Embed", "label", more="embed_param { num_output: 3 input_dim: 3 }")
        + layer("joined", "Eltwise", "ip", "word") + loss("SoftmaxWithLoss", "joined", "label"),
        "data label", "ip word joined prob", "joined"),
    "nobody reads the labels": (BODY + layer("quiet", "Silence", "label").replace(
        'top: "quiet"', ""), "data", "ip", "ip"),
    "pairs": (data("Data", ("pair", "similar"), source='"pair"') + layer(
        "cut", "Slice", "pair", tops="ab", more="slice_param { slice_point: 1 }") + TWINS,
        "a", "one", "one"),
    "pairs in two tops": (data("HDF5Data", ("data", "other", "similar")) + TWINS.replace(
        '"a"', '"data"').replace('"b" top', '"other" top'), "data", "one", "one"),
    "HDF5Data": (data("HDF5Data") + ip() + score() + loss(), "data", "ip prob", "ip"),
    "ImageData": (data("ImageData", new_height=14, new_width=16) + ip() + loss(),
                  "data", "ip prob", "ip"),
    "WindowData": (data("WindowData", more="transform_param { crop_size: 12 }") + ip() + loss(),
                   "data", "ip prob", ""),
    "Input": (layer("in", "Input", tops=("data", "label"), more="input_param { shape { dim: 2 "
                    "dim: 3 } shape { dim: 2 } }") + ip() + score() + loss(),
              "data", "ip prob", "ip"),
    "inputs as fields": ('input: "data" input_dim: 2 input_dim: 3 input_dim: 1 input_dim: 1 input: '
                         '"label" input_dim: 2 input_dim: 1 input_dim: 1 input_dim: 1 '
                         + ip() + loss(), "data", "ip prob", "ip"),
    "DummyData": (layer("in", "DummyData", tops=("data", "label"), more="dummy_data_param { shape {"
                        " dim: 2 dim: 3 } shape { dim: 2 } }") + ip() + loss(),
                  "data", "ip prob", "ip"),
    "MemoryData": (data("MemoryData") + ip() + loss(), "data", "ip prob", ""),
    "a second data layer": (BODY + data("Data", ("more",), name="more", source='"gray"') + layer(
        "quiet", "Silence", "more").replace('top: "quiet"', "") + loss(), "data", "ip prob", "ip"),
    "V1": ('layers { name: "data" type: DATA top: "data" top: "label" data_param { batch_size: 2 '
           'source: "colour" backend: LMDB crop_size: 10 } } layers { name: "ip" type: '
           'INNER_PRODUCT bottom: "data" top: "ip" inner_product_param { num_output: 3 } } '
           'layers { name: "loss" type: SOFTMAX_LOSS bottom: "ip" bottom: "label" top: "loss" }',
           "data", "ip prob", "ip"),
}


def write(words, path="net.prototxt"):
    with open(path, "w") as file:
        file.write(words)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_made_says_what_the_trained_net_says(kind):
    words, inputs, layers, same = KINDS[kind]
    made, _ = deploy(write(words), 2)
    assert [one.name for one in made.layer if one.type != "Input"] == layers.split()
    net, trained = Net(made, TEST), Net("net.prototxt", TEST)
    assert net.inputs == inputs.split()
    trained.save("w.caffemodel")
    net.copy_from("w.caffemodel")
    for name, blobs in net.params.items():
        for blob, own in zip(blobs, trained.params[name], strict=True):
            assert_allclose(blob.data, own.data)
    if not same:
        return
    trained.forward()
    for name in net.inputs:
        assert net.blobs[name].shape == trained.blobs[name].shape
        net.blobs[name].data[...] = trained.blobs[name].data
    net.forward()
    assert_allclose(net.blobs[same].data, trained.blobs[same].data, rtol=1e-5)


@pytest.mark.parametrize("words, shape", [
    (data("ImageData", source='"gone"', new_height=14, new_width=16), [3, 14, 16]),
    (data("ImageData", source='"gone"', new_height=14, new_width=16, is_color="false"),
     [1, 14, 16]),
    (data("ImageData", source='"gone"', new_height=14, new_width=16,
          more="transform_param { crop_size: 10 }"), [3, 10, 10]),
    (data("ImageData", source='"gone"', is_color="false",
          more="transform_param { crop_size: 10 }"), [1, 10, 10]),
    (data(source='"gone"', more="transform_param { crop_size: 10 force_gray: true }"),
     [1, 10, 10]),
    (data(source='"gone"', more='transform_param { mean_file: "mean" }'), [1, 9, 8]),
    (data(source='"gone"', more='transform_param { mean_file: "mean" crop_size: 7 }'), [1, 7, 7]),
    (data(source='"gray"'), [1, 12, 12]),
    (data("MemoryData"), [3, 12, 12]),
])
def test_shapes_of_pictures(words, shape):
    mean = caffe_pb2.BlobProto(num=1, channels=1, height=9, width=8, data=[1.0] * 72)
    with open("mean", "wb") as file:
        file.write(mean.SerializeToString())
    made, _ = deploy(write(words + ip() + loss()), 4)
    assert list(made.layer[0].input_param.shape[0].dim) == [4, *shape]


def test_a_said_shape_is_the_pictures_not_the_labels():
    made, _ = deploy(write(KINDS["a label that is an input, too"][0].replace("colour", "gone")), 4,
                     [3, 8, 8])
    assert [list(one.input_param.shape[0].dim) for one in made.layer[:2]] == [[4, 3, 8, 8], [4]]


MEANS = "mean_value: 104 mean_value: 117 mean_value: 123"


@pytest.mark.parametrize("words, notes", [
    (data(more=f"transform_param {{ scale: 0.5 {MEANS} }}"), [
        "In training the pictures were B, G, R in 0 to 255, minus 104, 117, 123, times 0.5.",
        "The same: classify --mean_value=104,117,123 --input_scale=0.5 --images_dim=12,12"]),
    (data(more="transform_param { crop_size: 10 }"), [  # the data say what was cropped
        "In training the pictures were B, G, R in 0 to 255, cropped to 10 x 10.",
        "The same: classify --mean_file= --images_dim=12,12"]),
    (data(more="transform_param { crop_size: 12 padding: 3 affine_param { } }"), [
        "In training the pictures were B, G, R in 0 to 255, cropped to 12 x 12.",
        "The same: classify --mean_file= --images_dim=12,12"]),
    (data(more="transform_param { crop_size: 10 random_aspect_ratio_param { } }"), [
        "In training the pictures were B, G, R in 0 to 255, cropped to 10 x 10.",
        "The same: classify --mean_file= --images_dim=12,12"]),
    (data(more="transform_param { crop_size: 10 min_side: 11 }"), [
        "In training the pictures were B, G, R in 0 to 255, cropped to 10 x 10.",
        "The same: classify --mean_file= --images_dim=11,11"]),
    (data(source='"gone"', more="transform_param { crop_size: 10 }"), [
        "In training the pictures were B, G, R in 0 to 255, cropped to 10 x 10.",
        "The same: classify --mean_file=",
        "How large they were before is not known, as the data is not there: write height and width "
        "into picture_param, or they are brought to the input's size."]),
    (data("WindowData", context_pad=4, more="transform_param { crop_size: 12 }"), [
        "In training the pictures were B, G, R in 0 to 255, warped to 12 x 12.",
        "The same: detect --mean_file= --context_pad=4"]),
    (data(source='"gray"'), ["In training the pictures were from 0 to 255.",
                             "The same: classify --mean_file= --images_dim=12,12"]),
    (data(source='"pair"'), ["In training the pictures were from 0 to 255."]),
    (data(source='"features"'), []),
    (data("HDF5Data"), []),
    (data("MemoryData"), []),
    (data("MemoryData", more="transform_param { scale: 2 }"),
     ["In training what scripts gave was times 2."]),
    (layer("in", "DummyData", tops=("data", "label"), more="dummy_data_param { shape { dim: 2 "
           "dim: 3 dim: 5 dim: 5 } shape { dim: 2 } }"), []),
])
def test_what_is_said_of_pictures_and_of_nothing_else(words, notes):
    assert deploy(write(words + ip() + loss()), 2)[1] == notes


def test_data_of_a_python_layer(tmp_path, monkeypatch):
    (tmp_path / "deployed_data.py").write_text("""
import caffe
class Data(caffe.Layer):
    def setup(self, bottom, top): pass
    def reshape(self, bottom, top):
        top[0].reshape(2, 3, 4); top[1].reshape(2)
    def forward(self, bottom, top): pass
class Loss(caffe.Layer):
    def setup(self, bottom, top): pass
    def reshape(self, bottom, top): top[0].reshape(1)
    def forward(self, bottom, top): pass
    def backward(self, top, propagate_down, bottom): pass
""")
    monkeypatch.syspath_prepend(tmp_path)
    python = 'python_param {{ module: "deployed_data" layer: "{}" }}'
    source = layer("in", "Python", tops=("data", "label"), more=python.format("Data"))
    own_loss = loss("Python", "ip", "label", more=python.format("Loss") + " loss_weight: 1")
    made, notes = deploy(write(source + ip() + own_loss), 5)
    assert [one.name for one in made.layer] == ["data", "ip"] and not notes
    assert list(made.layer[0].input_param.shape[0].dim) == [5, 3, 4]
    with pytest.raises(ConfigError, match="its layer fails here.*--input_shape=4 or 3,32,32"):
        deploy(write(source.replace("deployed_data", "not_there") + ip() + own_loss))


RESHAPED = BODY.replace('bottom: "data"', 'bottom: "flat"') + loss()
RESHAPED = data() + layer("flat", "Reshape", "data", more="reshape_param { shape { dim: 2 dim: -1 }"
                          " }") + RESHAPED.split("\n", 1)[1]


def test_weights_that_would_not_fit():
    """The Reshape layer is written for two pictures at once."""
    assert deploy(write(RESHAPED), 2)
    with pytest.raises(ConfigError, match="layer 'ip': the weights would not fit.*found 3 x 2160, 3"
                                          " instead of 3 x 432, 3.*--batch=2, or let Reshape"):
        deploy(write(RESHAPED), 10)


def test_what_cannot_be_built_is_not_written(call):
    write(RESHAPED.replace("dim: 2 dim: -1", "dim: 2 dim: 432"))
    done = call(main, "net.prototxt", "made.prototxt")
    assert done.exit_code == 1 and "net.prototxt, layer 'flat'" in done.output
    assert "It can be built with --batch=2, as in training." in done.output
    assert not os.path.exists("made.prototxt")
    broken = data() + ip() + layer("c", "Crop", "ip", "data") + loss("SoftmaxWithLoss", "c",
                                                                     "label")
    with pytest.raises(CaffeError, match="net.prototxt, layer 'c'"):
        deploy(write(broken))
