import pytest
from support import build

from caffepy.errors import ConfigError


@pytest.mark.parametrize("shapes, expected", [
    ("", [(0,), (0,)]),
    ("shape { dim: 2 dim: 3 }", [(2, 3), (2, 3)]),
    ("shape { dim: 2 dim: 3 } shape { dim: 2 }", [(2, 3), (2,)]),
])
def test_shapes(shapes, expected):
    _, _, top = build(f'type: "Input" top: "x" top: "y" input_param {{ {shapes} }}')
    assert [blob.shape for blob in top] == expected


def test_a_reshaped_input_keeps_its_shape():
    layer, bottom, top = build('type: "Input" input_param { shape { dim: 2 dim: 3 } }')
    top[0].reshape(4, 3)
    top[0].data[...] = 5
    layer.reshape(bottom, top)
    layer.forward(bottom, top)
    assert top[0].shape == (4, 3)
    assert (top[0].data == 5).all()


def test_a_shape_for_all_or_for_each():
    with pytest.raises(ConfigError, match="found 2 shapes for 3 tops"):
        build('type: "Input" top: "a" top: "b" top: "c" '
              "input_param { shape { dim: 2 } shape { dim: 3 } }")
