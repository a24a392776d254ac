import numpy as np
import pytest
from support import build, run

from caffepy.errors import ConfigError

TWO = 'type: "DummyData" top: "data" top: "label" dummy_data_param'


def test_constants_stay_and_others_are_drawn_anew():
    built = build(f"""{TWO} {{
        shape {{ dim: 20 dim: 5 }} shape {{ dim: 20 }}
        data_filler {{ type: "gaussian" std: 2 }} data_filler {{ type: "constant" value: 3 }} }}""")
    layer, bottom, top = built
    assert (top[1].data == 3).all()
    top[1].data[0] = 4  # as scripts do, to set labels
    first = run(built, [])[0]
    layer.forward(bottom, top)
    assert 1.5 < first.std() < 2.5
    assert (top[0].data != first).any()
    assert top[1].data[0] == 4
    assert (run(built, [])[0] == first).all()  # the same position draws the same


def test_two_tops_of_one_filler_differ():
    built = build(f'{TWO} {{ shape {{ dim: 3 }} data_filler {{ type: "uniform" }} }}')
    data, label = run(built, [])
    assert (data != label).any()


@pytest.mark.parametrize("shape", [
    "shape { dim: 4 dim: 3 dim: 2 dim: 1 }",
    "num: 4 channels: 3 height: 2 width: 1",
    "num: 4 num: 4 channels: 3 channels: 3 height: 2 height: 2 width: 1 width: 1",
])
def test_both_ways_to_give_shapes_and_zeros_by_default(shape):
    _, _, top = build(f"{TWO} {{ {shape} }}")
    for blob in top:
        assert blob.shape == (4, 3, 2, 1)
        assert not np.any(blob.data)


@pytest.mark.parametrize("param, message", [
    ("num: 4 channels: 3", "as many of each"),
    ("num: 1 channels: 1 height: 1 width: 1 shape { dim: 2 }", "either by shape"),
    ("", "needs a shape for all tops"),
    ('shape { dim: 2 } data_filler { type: "none" }', "Unknown filler name: none"),
])
def test_errors(param, message):
    with pytest.raises(ConfigError, match=message):
        run(build(f"{TWO} {{ {param} }}"), [])
