import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build, check_gradient, random, run

from caffepy.errors import ConfigError, NotFound, ShapeError
from caffepy.proto import wire

X, Y = random(2, 6, 4, 5), random(1, 3, 2, 2)
SCALES = "mean_scale: 0.5 input_scale: 3 output_scale: 0.25"


def line(words, count=1):
    blobs = " ".join(f'bottom: "b{i}" top: "t{i}"' for i in range(count))
    return f'type: "Mean" {blobs} mean_param {{ {words} }}'


@pytest.mark.parametrize("operation, sign", [("ADD", 1), ("SUBTRACT", -1)])
def test_values_by_channel(operation, sign):
    words = f"operation: {operation} value: 1 value: 2 value: 4 {SCALES}"
    outs = run(build(line(words, 2), X, Y), [X, Y])
    for x, y in zip((X, Y), outs, strict=True):
        mean = np.tile([1, 2, 4], x.shape[1] // 3)[:, None, None]
        assert_allclose(y, 0.25 * (3 * x + sign * 0.5 * mean), rtol=1e-5, atol=1e-6)


def test_a_mean_picture(tmp_path):
    mean = random(1, 3, 4, 5).astype(np.float32)
    wire.write_blob(str(tmp_path / "mean.binaryproto"), mean)
    words = f'operation: SUBTRACT file: "{tmp_path}/mean.binaryproto"'
    assert_allclose(run(build(line(words), X), [X])[0], X - np.tile(mean[0], (2, 1, 1)), rtol=1e-4,
                    atol=1e-6)
    with pytest.raises(ShapeError, match="does not fit .* a multiple of 3 channels of 4 x 5"):
        build(line(words), Y)


def test_gradient():
    check_gradient(line(f"operation: ADD value: 2 {SCALES}", 2), X, Y)


@pytest.mark.parametrize("words, kind, said", [
    ("operation: ADD value: 1 value: 2 value: 3 value: 4", ShapeError, "a multiple of 4 channels"),
    ("operation: ADD", ConfigError, "one file, or values"),
    ('operation: ADD value: 1 file: "a"', ConfigError, "one file, or values"),
    ('operation: ADD file: "a.binaryproto"', NotFound, "there is no such mean_file"),
])
def test_settings_that_cannot_be(words, kind, said):
    with pytest.raises(kind, match=said):
        build(line(words), X)
