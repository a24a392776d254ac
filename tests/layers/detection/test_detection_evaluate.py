import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, run

from caffepy.errors import ConfigError, DataError, NotFound, ShapeError

LINE = 'type: "DetectionEvaluate" detection_evaluate_param { %s }'
BOX, NEAR, FAR = [0.1, 0.1, 0.4, 0.4], [0.1, 0.1, 0.4, 0.39], [0.6, 0.6, 0.9, 0.9]
TRUTH = [[0, 1, 0, *BOX, 0], [0, 1, 1, *FAR, 1], [0, 2, 2, *BOX, 0], [-1] * 8, [0, 2, 0, *FAR, 0]]


def judged(found, truth=None, words="num_classes: 4", times=1):
    bottoms = [np.array([[rows]], np.float64) for rows in (found, truth or TRUTH)]
    built = build(LINE % words, *bottoms)
    for _ in range(times):
        y = run(built, bottoms)[0]
    return y[0, 0]


def test_the_best_of_those_that_find_a_box_is_right():
    y = judged([[0, 1, 0.5, *BOX], [0, 1, 0.9, *NEAR], [0, 1, 0.7, *FAR], [0, 2, 0.8, *FAR],
                [1, 3, 0.2, *BOX], [1, 3, 0.6, *BOX]])
    assert_allclose(y, [[-1, 1, 2, -1, -1], [-1, 2, 1, -1, -1], [-1, 3, 0, -1, -1],
                        [0, 1, 0.9, 1, 0], [0, 1, 0.7, 1, 0], [0, 1, 0.5, 0, 1],
                        [0, 2, 0.8, 0, 1], [1, 3, 0.2, 0, 1], [1, 3, 0.6, 0, 1]], rtol=1e-6)


def test_difficult_boxes_may_not_count():
    y = judged([[0, 1, 0.9, *FAR], [0, 1, 0.5, *FAR], [0, 1, 0.4, *BOX]],
               words="num_classes: 4 evaluate_difficult_gt: false")
    assert_allclose(y, [[-1, 1, 1, -1, -1], [-1, 2, 1, -1, -1], [-1, 3, 0, -1, -1],
                        [0, 1, 0.9, 0, 0], [0, 1, 0.5, 0, 0], [0, 1, 0.4, 1, 0]], rtol=1e-6)


def test_images_in_which_nothing_was_found():
    assert_allclose(judged([[0] + [-1] * 6, [1] + [-1] * 6]),
                    [[-1, 1, 2, -1, -1], [-1, 2, 1, -1, -1], [-1, 3, 0, -1, -1]])


def test_sizes_make_pixels_of_shares(tmp_path):
    """A box of 0.3 of 10 pixels and one of 0.1 of it: in pixels, which have a size, they overlap
    more."""
    path = tmp_path / "sizes.txt"
    path.write_text("a 10 10\nb 1000 1000\n")
    small, large = [0.1, 0.1, 0.2, 0.2], [0.1, 0.1, 0.25, 0.25]  # 4 and 6.25 pixels; 0.44 in shares
    words = f'num_classes: 2 overlap_threshold: 0.5 name_size_file: "{path}"'
    truth, found = [[0, 1, 0, *large, 0]], [[0, 1, 0.9, *small]]
    assert_allclose(judged(found, truth, words)[1], [0, 1, 0.9, 1, 0], rtol=1e-6)
    assert_allclose(judged(found, truth, words, times=2)[1], [0, 1, 0.9, 0, 1], rtol=1e-6)
    assert_allclose(judged(found, truth, words, times=3)[1], [0, 1, 0.9, 1, 0], rtol=1e-6)
    assert_allclose(judged(found, truth, "num_classes: 2")[1], [0, 1, 0.9, 0, 1], rtol=1e-6)


def test_mistakes(tmp_path):
    with pytest.raises(ConfigError, match="needs num_classes"):
        judged([[0, 1, 0.5, *BOX]], words="")
    with pytest.raises(ConfigError, match="overlap_threshold must be above 0"):
        judged([[0, 1, 0.5, *BOX]], words="num_classes: 2 overlap_threshold: 0")
    with pytest.raises(NotFound, match="name_size_file"):
        judged([[0, 1, 0.5, *BOX]], words='num_classes: 2 name_size_file: "/none"')
    with pytest.raises(DataError, match="background's class"):
        judged([[0, 0, 0.5, *BOX]])
    with pytest.raises(ShapeError, match="any number x 8"):
        build(LINE % "num_classes: 4", np.zeros((1, 1, 2, 7)), np.zeros((1, 1, 2, 7)))
