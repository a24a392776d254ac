"""PriorLayer: rois as shares of the picture, which DetectionOutput decodes as R-CNN does."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, run

from caffepy.errors import CaffeError
from caffepy.standins.fast_rcnn.bbox_transform import bbox_transform_inv

LINE = ('type: "Python" top: "priors" python_param { module: "fast_rcnn.prior_layer" '
        'layer: "PriorLayer" param_str: "%s" }')
ROIS = np.array([[0, 10, 20, 59, 49], [0, 0, 0, 99, 79]], np.float32)
INFO = np.array([[80, 100, 2]], np.float32)


def priors(words="", rois=ROIS):
    return run(build(LINE % words, rois, INFO), (rois, INFO))[0]


def test_rois_and_variances():
    found = priors("'variance': [0.1, 0.1, 0.2, 0.2]")
    assert found.shape == (1, 2, 8)
    assert_allclose(found[0, 0], [0.1, 0.25, 0.6, 0.625, 0, 0, 1, 1])
    assert_allclose(found[0, 1], [0.1, 0.1, 0.2, 0.2] * 2)
    assert (priors()[0, 1] == 1).all()


def test_deltas_mean_the_same_behind_it():
    """DetectionOutput's boxes times the picture's size are those of py-faster-rcnn's test."""
    random = np.random.default_rng(4)
    deltas = random.normal(0, 0.1, (1, 2 * 2 * 4)).astype(np.float32)
    scores = np.array([[0.2, 0.8, 0.3, 0.7]], np.float32)
    words = ('type: "DetectionOutput" detection_output_param { num_classes: 2 '
             'share_location: false code_type: CENTER_SIZE nms_param { nms_threshold: 0.9 } }')
    given = deltas, scores, priors().astype(np.float32)
    rows = run(build(words, *given, phase="TEST"), given)[0][0, 0]
    expected = bbox_transform_inv(ROIS[:, 1:], deltas.reshape(2, 8))[:, 4:]
    assert_allclose(rows[:, 2], [0.8, 0.7], rtol=1e-6)
    assert_allclose(rows[:, 3:] * [100, 80, 100, 80], expected, atol=1e-3)


def test_errors():
    with pytest.raises(CaffeError, match="variance is four numbers .found .0.1.."):
        priors("'variance': [0.1]")
    with pytest.raises(CaffeError, match="one picture at a time .found rois of pictures up to 1"):
        priors(rois=ROIS + [1, 0, 0, 0, 0])
