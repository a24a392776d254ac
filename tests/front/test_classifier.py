"""Classifier.predict against its formula, computed crop by crop."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from caffepy import TEST, Classifier, Detector, Net
from caffepy.errors import ConfigError
from caffepy.net_spec import NetSpec
from caffepy.net_spec import layers as L

RNG = np.random.default_rng(1701)
MEAN = np.array([10.0, 20.0, 30.0])


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A prototxt and weights: a linear classifier of 3 x 4 x 5 pictures, four at a time."""
    folder = tmp_path_factory.mktemp("model")
    n = NetSpec()
    n.data = L.Input(shape=dict(dim=[4, 3, 4, 5]))
    n.ip = L.InnerProduct(n.data, num_output=6, weight_filler=dict(type="gaussian", std=0.01))
    n.prob = L.Softmax(n.ip)
    (folder / "deploy.prototxt").write_text(str(n.to_proto()))
    Net(folder / "deploy.prototxt", TEST).save(folder / "w.caffemodel")
    return folder / "deploy.prototxt", folder / "w.caffemodel"


def probabilities(classifier, crop):
    """What the net says to an H x W x 3 crop in [0, 1]."""
    weights, bias = (blob.data for blob in classifier.params["ip"])
    x = (crop[:, :, ::-1] * 255 - MEAN).transpose(2, 0, 1) * 0.1  # BGR, mean, input_scale
    e = np.exp(weights @ x.reshape(-1) + bias)
    return e / e.sum()


@pytest.fixture
def classifier(model):
    return Classifier(*model, image_dims=(6, 8), mean=MEAN, input_scale=0.1, raw_scale=255,
                      channel_swap=(2, 1, 0))


PICTURES = [RNG.uniform(0, 1, (6, 8, 3)) for _ in range(3)]  # 30 crops: no multiple of 4


def test_prediction_is_the_mean_over_ten_crops(classifier):
    out = classifier.predict(PICTURES)
    assert out.shape == (3, 6)
    for said, picture in zip(out, PICTURES, strict=True):
        five = [picture[:4, :5], picture[:4, 3:], picture[2:, :5], picture[2:, 3:],
                picture[1:5, 1:6]]
        crops = five + [crop[:, ::-1] for crop in five]
        assert_allclose(said, np.mean([probabilities(classifier, c) for c in crops], 0),
                        rtol=1e-4)


def test_without_oversampling_it_is_the_middle(classifier):
    out = classifier.predict(PICTURES, oversample=False)
    expected = [probabilities(classifier, picture[1:5, 1:6]) for picture in PICTURES]
    assert_allclose(out, expected, rtol=1e-4)


def test_pictures_of_any_size_are_brought_to_image_dims(classifier):
    pictures = [RNG.uniform(0, 1, (12, 16, 3)), PICTURES[0]]
    halves = pictures[0].reshape(6, 2, 8, 2, 3).mean((1, 3))  # bilinear, exactly by half
    assert_allclose(classifier.predict(pictures), classifier.predict([halves, PICTURES[0]]),
                    rtol=1e-4)


def test_image_dims_are_the_inputs_by_default(model):
    classifier = Classifier(*model)
    assert classifier.image_dims.tolist() == classifier.crop_dims.tolist() == [4, 5]
    assert isinstance(classifier, Net) and classifier.predict([]).shape == (0, 6)
    picture = RNG.uniform(0, 1, (4, 5, 3))
    out = classifier.forward(data=np.stack([picture.transpose(2, 0, 1)] * 4))["prob"][0].copy()
    assert_allclose(classifier.predict([picture], oversample=False)[0], out, rtol=1e-5)
    with pytest.raises(ConfigError, match=r"image_dims.*\(3, 9\).*\(4, 5\)"):
        Classifier(*model, image_dims=(3, 9))


@pytest.mark.parametrize("inputs, words", [
    (np.zeros((8, 9, 3)), r"predict\(\[picture\]\)"),
    ("cat.png", r"predict\(\[picture\]\)"),
    ([np.zeros((8, 9))], "3 channels, the picture none"),
    ([np.zeros((8, 9, 4))], "3 channels, the picture 4"),
    (["cat.png"], "load_image"),
])
def test_pictures_that_do_not_fit(inputs, words, classifier):
    with pytest.raises(ValueError, match=words):
        classifier.predict(inputs)


@pytest.mark.parametrize("kind", [Classifier, Detector])
def test_a_net_without_an_input(tmp_path, kind):
    path, weights = str(tmp_path / "n.prototxt"), str(tmp_path / "w.caffemodel")
    (tmp_path / "n.prototxt").write_text(
        'layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 } } }')
    Net(path, TEST).save(weights)
    with pytest.raises(ConfigError, match="no input for pictures.*caffepy deploy"):
        kind(path, weights)
