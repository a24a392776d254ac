"""The parts of a sheet of data: panels, boxes, colours, names."""

import numpy as np
import pytest

from caffepy.errors import NotFound
from caffepy.services import class_names
from caffepy.services.data_sheet import boxes, naming, panels
from caffepy.services.sheets import palette
from caffepy.services.sheets.levels import Levels

RNG = np.random.default_rng(1701)
BYTES = Levels()


def pixels(*shape):
    return RNG.integers(0, 256, shape).astype(np.float32)


# -- panels --------------------------------------------------------------------------------

@pytest.mark.parametrize("shape, frame, parts", [
    ((4, 5), None, [np.s_[None]]),
    ((1, 4, 5), None, [np.s_[0:1]]),
    ((3, 4, 5), None, [np.s_[0:3]]),
    ((2, 4, 5), None, [np.s_[0:1], np.s_[1:2]]),
    ((6, 4, 5), 3, [np.s_[0:3], np.s_[3:6]]),
    ((3, 4, 5), 1, [np.s_[0:1], np.s_[1:2], np.s_[2:3]]),
    ((3, 2, 4, 5), None, [np.s_[:, 0], np.s_[:, 1]]),
    ((2, 2, 4, 5), None, [np.s_[0:1, 0], np.s_[1:2, 0], np.s_[0:1, 1], np.s_[1:2, 1]]),
])
def test_panels(shape, frame, parts):
    item = pixels(*shape)
    made = panels.pictures(item, BYTES, frame)
    assert len(made) == len(parts) == panels.count(shape, frame)
    for panel, part in zip(made, parts, strict=True):
        expected = np.broadcast_to(item[part].transpose(1, 2, 0), (4, 5, 3))
        np.testing.assert_array_equal(panel, expected)


def test_not_more_panels_than_can_be_seen():
    assert len(panels.pictures(pixels(40, 4, 5), BYTES, None)) == panels.MOST == 16
    assert panels.count((40, 4, 5), None) == 40


def test_rows_of_numbers():
    values = pixels(30)
    made = panels.strip(values, BYTES)
    assert made.shape == (5, 30, 3)
    np.testing.assert_array_equal(made, np.broadcast_to(values[None, :, None], made.shape))


@pytest.mark.parametrize("shape, expected", [
    ((), False), ((5,), False), ((3, 1, 1), False), ((3, 4, 5), True), ((4, 5), True),
    ((3, 2, 4, 5), True), ((1, 3, 2, 4, 5), False), ((0, 4, 5), False)])
def test_what_is_a_picture(shape, expected):
    assert panels.is_picture(shape) == expected


# -- boxes ---------------------------------------------------------------------------------

def test_rows_of_boxes():
    rows = np.array([[0, 2, 0, 0.25, 0.5, 0.75, 1, 1], [0, 1, 0, 0, 0, 0.5, 0.5, 0]], np.float32)
    assert boxes.of_rows(rows) == [(2, 0.25, 0.5, 0.75, 1, True), (1, 0, 0, 0.5, 0.5, False)]
    table = np.zeros((1, 300, 5), np.float32)
    table[0, 0] = 1, 0.5, 0.75, 0.5, 0.5
    table[0, 1] = 0, 0.25, 0.25, 0.5, 0.5
    assert boxes.of_rows(table) == [(2, 0.25, 0.5, 0.75, 1, False), (1, 0, 0, 0.5, 0.5, False)]


def test_a_box_is_drawn_on_its_edges():
    picture = np.full((101, 201, 3), 90, np.uint8)
    made = boxes.draw(picture, [boxes.Box(1, 0.25, 0.3, 0.75, 0.9)], {})
    assert (picture == 90).all(), "what is given stays"
    color = palette.color_of(1)
    for row, column in ((30, 100), (90, 100), (60, 50), (60, 150)):
        assert tuple(made[row, column]) == color
    assert (made[60, 60:140] == 90).all() and (made[95:] == 90).all()
    assert (made[30 - 16 : 29, 50:56] != 90).all(-1).any(), "its name, above it"


def test_difficult_boxes_are_dashed():
    picture = np.full((101, 201, 3), 90, np.uint8)
    made = boxes.draw(picture, [boxes.Box(1, 0.25, 0.3, 0.75, 0.9, True)], {})
    edge = (made[90, 50:151] == palette.color_of(1)).all(-1)
    assert 0.4 < edge.mean() < 0.6 and edge[0] and not edge[14]


@pytest.mark.parametrize("place", [(-0.5, -0.5, 0.2, 0.2), (0.5, 0.5, 1.5, 1.5), (0, 0, 1, 1),
                                   (0.99, 0.99, 1, 1), (-1, -1, 2, 2)])
@pytest.mark.parametrize("difficult", [False, True])
def test_boxes_over_the_edge(place, difficult):
    picture = np.full((40, 50, 3), 90, np.uint8)
    made = boxes.draw(picture, [boxes.Box(3, *place, difficult)], {3: "a long name of a class"})
    assert made.shape == picture.shape


# -- colours and names ---------------------------------------------------------------------

@pytest.mark.parametrize("label, red_green_blue", [
    (0, (0, 0, 0)), (1, (128, 0, 0)), (2, (0, 128, 0)), (4, (0, 0, 128)), (8, (64, 0, 0)),
    (15, (192, 128, 128)), (20, (0, 64, 128)), (255, (224, 224, 192))])
def test_colors_are_those_of_voc(label, red_green_blue):
    assert palette.color_of(label)[::-1] == red_green_blue
    assert tuple(palette.painted(np.array([[label]]))[0, 0][::-1]) == red_green_blue


def test_names(tmp_path):
    (tmp_path / "labels.txt").write_text("cat\nbig dog\n")
    assert class_names.read(f"{tmp_path}/labels.txt") == {0: "cat", 1: "big dog"}
    (tmp_path / "map.prototxt").write_text(
        'item { name: "n01" label: 1 display_name: "cat" } item { name: "dog" label: 5 }')
    labels = f"{tmp_path}/map.prototxt"
    assert class_names.read(labels) == {1: "n01", 5: "dog"}
    assert class_names.read(labels, for_people=True) == {1: "cat", 5: "dog"}
    with pytest.raises(NotFound):
        class_names.read(f"{tmp_path}/none.txt")
    names = {1: "cat"}
    labels = (1.0, 2.0, 1.5, -1, 12345678, np.nan, np.inf)
    assert [naming.called(label, names) for label in labels] == [
        "cat (1)", "2", "1.5", "-1", "12345678", "nan", "inf"]
