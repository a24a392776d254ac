import cv2
import numpy as np
import pytest
from support import build

from caffepy.errors import ShapeError


def line(words):
    return f'type: "ImgWriter" writer_param {{ {words} }}'


def written(folder, words, pictures):
    layer, bottom, top = build(line(f'folder: "{folder}" {words}'), pictures)
    layer.forward(bottom, top)
    return [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in sorted(folder.iterdir())]


def test_colors(tmp_path):
    pictures = np.random.default_rng(3).uniform(-0.1, 1.2, (2, 3, 4, 5)).astype(np.float32)
    files = written(tmp_path, "scale: 255", pictures)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "0000000(000).ppm", "0000000(001).ppm"]
    for file, picture in zip(files, pictures, strict=True):
        expected = np.floor(np.clip(picture * np.float32(255), 0, 255)).transpose(1, 2, 0)
        np.testing.assert_array_equal(file, expected)
    assert (files[0] == 255).any() and (files[0] == 0).any()


def test_gray(tmp_path):
    pictures = np.array([[[[-3, 0.9, 7], [254.9, 300, np.nan]]]], np.float32)
    (file,) = written(tmp_path, "", pictures)
    np.testing.assert_array_equal(file, [[0, 0, 7], [254, 255, 0]])
    assert [path.name for path in tmp_path.iterdir()] == ["0000000.pgm"]


def test_normalized(tmp_path):
    (file,) = written(tmp_path, "normalize: true", np.array([[[[-2, 0, 2]]]], np.float32))
    np.testing.assert_array_equal(file, [[0, 127, 255]])
    (tmp_path / "flat").mkdir()
    (flat,) = written(tmp_path / "flat", "normalize: true", np.full((1, 3, 2, 2), 7.0))
    assert not flat.any()


def test_channels(tmp_path):
    with pytest.raises(ShapeError, match="one or three channels"):
        build(line(f'folder: "{tmp_path}"'), (1, 2, 3, 4))
