import numpy as np
import pytest

from caffepy.data.augment import boxes as boxes_of
from caffepy.proto import caffe_pb2

CENTER = caffe_pb2.EmitConstraint()


def row(*place, label=1, instance=0, difficult=0):
    return [label, instance, *place, difficult]


def boxes(*rows):
    return np.array(rows, np.float32).reshape(-1, 7)


def window(*place):
    return np.array(place, np.float32)


def test_boxes_of_a_record_in_order():
    record = caffe_pb2.AnnotatedDatum()
    for label, count in ((4, 2), (2, 1)):
        group = record.annotation_group.add(group_label=label)
        for i in range(count):
            one = group.annotation.add(instance_id=i)
            one.bbox.xmin, one.bbox.ymin, one.bbox.xmax, one.bbox.ymax = 0.25, 0.5, 0.75, 1
            one.bbox.difficult = label == 2
    made = boxes_of.of_groups(record.annotation_group)
    assert made.tolist() == [row(0.25, 0.5, 0.75, 1, label=4),
                             row(0.25, 0.5, 0.75, 1, label=4, instance=1),
                             row(0.25, 0.5, 0.75, 1, label=2, difficult=1)]
    assert boxes_of.of_groups([]).shape == (0, 7)


def test_a_box_is_cut_at_the_window_and_relative_to_it():
    given = boxes(row(0.25, 0.25, 0.75, 0.5, label=3, instance=5, difficult=1))
    made = boxes_of.cut(given, window(0.5, 0, 1, 0.5))
    assert made.tolist() == [row(0, 0.5, 0.5, 1, label=3, instance=5, difficult=1)]
    assert given[0, 2] == 0.25, "what is given stays"
    larger = boxes_of.cut(given, window(-0.5, -0.5, 1.5, 1.5))
    assert larger.tolist() == [row(0.375, 0.375, 0.625, 0.5, label=3, instance=5, difficult=1)]


@pytest.mark.parametrize("place", [
    (0, 0, 0.5, 0.5),       # it touches the window's corner
    (0.9, 0, 1, 0.4),       # beside it
    (0.6, 0.6, 0.6, 0.8),   # it has no area
    (0.8, 0.6, 0.6, 0.8),   # it is turned inside out
])
def test_boxes_of_which_nothing_is_left(place):
    assert boxes_of.cut(boxes(row(*place)), window(0.5, 0.5, 0.85, 0.85)).shape == (0, 7)


@pytest.mark.parametrize("place, kept", [
    ((0.25, 0.25, 0.75, 0.75), True),   # the centre lies on the corner
    ((0.25, 0.25, 0.74, 0.75), False),
    ((0.25, 0.5, 0.74, 0.75), False),
    ((0.5, 0.5, 2, 1), False),
])
def test_the_centre_must_lie_in_the_window(place, kept):
    given = boxes(row(*place))
    assert len(boxes_of.cut(given, window(0.5, 0.5, 1, 1), CENTER)) == kept
    assert len(boxes_of.cut(given, window(0.5, 0.5, 1, 1))) == 1


@pytest.mark.parametrize("overlap, kept", [(0.2, True), (0.25, False), (0.3, False), (0, True)])
def test_so_much_of_the_box_must_lie_in_the_window(overlap, kept):
    emit = caffe_pb2.EmitConstraint(emit_type="MIN_OVERLAP", emit_overlap=overlap)
    given = boxes(row(0.25, 0.25, 0.75, 0.75))
    assert len(boxes_of.cut(given, window(0.5, 0.5, 1, 1), emit)) == kept


def test_mirrored():
    given = boxes(row(0.125, 0.25, 0.5, 0.75, label=2))
    assert boxes_of.mirrored(given).tolist() == [row(0.5, 0.25, 0.875, 0.75, label=2)]
    assert given[0, 2] == 0.125


def test_areas():
    assert boxes_of.area(window(0, 0, 0.5, 0.25)) == 0.125
    assert boxes_of.area(window(0.5, 0, 0, 0.25)) == 0
    assert boxes_of.shared(window(0, 0, 0.5, 0.5), window(0.25, 0.25, 1, 1)) == 0.0625
    assert boxes_of.shared(window(0, 0, 0.5, 0.5), window(0.75, 0.75, 1, 1)) == 0
