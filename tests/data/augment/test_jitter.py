import numpy as np
import pytest

from caffepy.data.augment.jitter import Jitter
from caffepy.data.draws import Dice
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2

ROWS, COLUMNS = np.mgrid[:200, :200]
PIXELS = np.stack([ROWS, COLUMNS, 0 * ROWS], 2).astype(np.uint8)
WHOLE = np.array([[1, 0, 0, 0, 1, 1, 0]], np.float32)


def parts(jitter, mode="WARP", count=600):
    """Left, top, width and height of what is left of many pictures, as shares."""
    param = caffe_pb2.TransformationParameter(resize_param=[{"resize_mode": mode}])
    change = Jitter(jitter, param)
    made = []
    for number in range(count):
        pixels, boxes = change(PIXELS, WHOLE, Dice(9, number))
        assert boxes.tolist() == WHOLE.tolist()
        made.append([pixels[0, 0, 1], pixels[0, 0, 0], pixels.shape[1], pixels.shape[0]])
    return np.array(made) / 200


def test_shares_of_the_sides_are_lost():
    made = parts(0.4)
    lost = 1 - made[:, 2:]
    assert lost.max() <= 0.405 and lost.max() > 0.38
    whole = (lost == 0).all(1)
    assert 80 < whole.sum() < 160  # 120 expected, standard deviation 10
    much = lost[(lost > 0.2).any(1)]
    assert 220 < len(much) < 330, "of the three fifths three quarters: 270"
    assert abs(lost[:, 0].mean() - (0.2 * 0.1 + 0.6 * 0.2)) < 0.02
    assert abs(lost[:, 0] - lost[:, 1]).max() > 0.3, "each side by itself"
    place = made[~whole][:, :2] / np.maximum(lost[~whole], 0.005)
    assert abs(np.clip(place, 0, 1).mean() - 0.5) < 0.06


def test_alike_if_the_shape_is_kept():
    made = parts(0.4, "FIT_LARGE_SIZE_AND_PAD", 100)
    assert abs(made[:, 2] - made[:, 3]).max() <= 0.005
    assert (made[:, 2] < 0.9).any()


def test_none():
    assert (parts(0, count=20) == [0, 0, 1, 1]).all()
    with pytest.raises(ConfigError, match="yolo_data_jitter is a share .*found 1;"):
        parts(1)
