"""Detector: windows cut as their corners say, and their surroundings worked out by hand."""

import sys
import types

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from caffepy import TEST, Detector, Net, io
from caffepy.errors import ConfigError, NotFound
from caffepy.net_spec import NetSpec
from caffepy.net_spec import layers as L

RNG = np.random.default_rng(1701)
MEAN = np.array([10.0, 20.0, 30.0])  # of B, G, R


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    n = NetSpec()
    n.data = L.Input(shape=dict(dim=[2, 3, 8, 8]))
    n.fc = L.InnerProduct(n.data, num_output=5, weight_filler=dict(type="gaussian", std=0.01))
    (folder / "deploy.prototxt").write_text(str(n.to_proto()))
    Net(folder / "deploy.prototxt", TEST).save(folder / "w.caffemodel")
    return folder / "deploy.prototxt", folder / "w.caffemodel"


def detector(model, context_pad=None):
    return Detector(*model, mean=MEAN, raw_scale=255, channel_swap=(2, 1, 0),
                    context_pad=context_pad)


def test_detections_of_windows_in_files(model, tmp_path):
    names = [str(tmp_path / name) for name in ("a.png", "b.png")]
    for name in names:
        cv2.imwrite(name, RNG.integers(0, 256, (12, 14, 3), np.uint8))
    windows = [(names[0], [(0, 0, 8, 8), np.array([2, 3, 10, 11])]), (names[1], [(4, 6, 12, 14)])]
    net = detector(model)
    found = net.detect_windows(iter(windows))
    assert [d["filename"] for d in found] == [names[0], names[0], names[1]]
    assert found[2]["window"] == (4, 6, 12, 14)
    weights, bias = (blob.data for blob in net.params["fc"])
    for d in found:
        y0, x0, y1, x1 = d["window"]
        cut = io.load_image(d["filename"])[y0:y1, x0:x1]
        x = (cut[:, :, ::-1] * 255 - MEAN).transpose(2, 0, 1)
        assert_allclose(d["prediction"], weights @ x.reshape(-1) + bias, rtol=1e-4, atol=1e-4)
    assert net.detect_windows([]) == []


def test_context_is_cut_warped_and_filled_with_the_mean(model):
    """Input 8, context 2: windows grow by 8 / (8 - 4) = 2.

    Rows 4..8 of 10: half (8 - 4 + 1) / 2 = 2.5, middle 6.5, so from round(1.5) = 2 to
    round(11.5) = 12. These 11 rows become 8; rows 2..10 are there, warped to
    round((10 - 2 + 1) * 8 / 11) = 7. Columns 1..4 of 9: half 2, middle 3, from -1 to 7; 9 columns
    become 8, round(1 * 8 / 9) = 1 is missing on the left, and 0..7 become
    round((7 - 0 + 1) * 8 / 9) = 7.
    """
    im = RNG.uniform(0, 1, (10, 9, 3)).astype(np.float32)
    crop = detector(model, context_pad=2).crop(im, (4, 1, 8, 4))
    assert crop.shape == (8, 8, 3)
    assert_allclose(crop[:7, 1:], io.resize_image(im[2:10, 0:7], (7, 7)), rtol=1e-6)
    rgb = MEAN[::-1] / 255  # as pictures have it before preprocessing
    assert_allclose(crop[7], np.tile(rgb, (8, 1)), rtol=1e-6)
    assert_allclose(crop[:, 0], np.tile(rgb, (8, 1)), rtol=1e-6)


def test_mean_pictures_fill_their_own_place(model):
    net = detector(model)
    mean = RNG.uniform(0, 255, (3, 8, 8))
    net.transformer.set_mean("data", mean)
    net.configure_crop(2)
    assert_allclose(net.crop_mean, mean.transpose(1, 2, 0)[:, :, ::-1] / 255, rtol=1e-6)
    net = Detector(*model, context_pad=2)
    assert_array_equal(net.crop(np.ones((4, 4, 3)), (0, 0, 4, 4))[-1], 0)


def test_windows_and_contexts_that_cannot_be(model):
    for pad in (None, 2):
        for window in ((20, 0, 30, 5), (5, 5, 5, 5)) if pad is None else ((60, 0, 70, 5),):
            with pytest.raises(ConfigError, match="no part in the picture"):
                detector(model, pad).crop(np.zeros((10, 10, 3)), window)
    with pytest.raises(ConfigError, match="context_pad.*less than half of 8"):
        detector(model, context_pad=4)


def test_selective_search_is_the_users(model, monkeypatch, tmp_path):
    name = "selective_search_ijcv_with_python"
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(NotFound, match=f"{name} is not installed.*detect_windows"):
        detector(model).detect_selective_search(["a.png"])
    picture = str(tmp_path / "a.png")
    cv2.imwrite(picture, RNG.integers(0, 256, (12, 14, 3), np.uint8))
    asked = []

    def get_windows(names, cmd):
        asked.append((names, cmd))
        return [np.array([[0, 0, 8, 8], [1, 1, 9, 9]])]

    module = types.ModuleType(name)
    module.get_windows = get_windows
    monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.chdir(tmp_path)
    found = detector(model).detect_selective_search(["a.png"])
    assert asked == [([picture], "selective_search_rcnn")]
    assert [d["window"].tolist() for d in found] == [[0, 0, 8, 8], [1, 1, 9, 9]]
    same = detector(model).detect_windows([(picture, [(1, 1, 9, 9)])])[0]
    assert_allclose(found[1]["prediction"], same["prediction"])
