"""What convert_annoset reads out of annotation files: VOC's, COCO's, and plain text."""

import json

import numpy as np
import pytest
from annosets import HEIGHT, WIDTH, Folder, coco, records, thing, voc

from caffepy.tools.convert_annoset import main


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def boxes(call, folder, label_type="xml", *flags):
    """All pictures' boxes; the call must succeed."""
    done = call(main, *folder.words(*flags, label_type=label_type))
    assert done.exit_code == 0, done.output
    return list(records(folder.path / "db").values()), done.output


def row(label, instance, left, top, right, bottom, difficult=0, size=(HEIGHT, WIDTH)):
    """A box as it should be: pixels over the picture's sides, in float32."""
    place = np.float32([left, top, right, bottom]) / np.float32([size[1], size[0]] * 2)
    return [label, instance, *place, difficult]


def equal(found, *expected):
    np.testing.assert_array_equal(found, np.array(expected, np.float32).reshape(-1, 7))


# -- VOC -----------------------------------------------------------------------------------

def test_boxes_are_grouped_by_class_in_the_order_in_which_they_come_up(call, folder):
    folder.add(voc(thing("dog", 1, 2, 30, 40), thing("cat", 3, 4, 5, 6),
                   thing("dog", 7, 8, 9, 10, more="<difficult>1</difficult>")))
    (found,), output = boxes(call, folder)
    equal(found, row(2, 0, 1, 2, 30, 40), row(2, 1, 7, 8, 9, 10, 1), row(1, 0, 3, 4, 5, 6))
    assert "Boxes of each class: dog 2, cat 1" in output


def test_what_forks_lose_counts_here(call, folder):
    """Corners that are no whole numbers, and <difficult> behind <bndbox>."""
    folder.add(voc(thing("cat", 1.5, 2.25, 30.75, 39.5, behind="<difficult> 1 </difficult>")))
    (found,), _ = boxes(call, folder)
    equal(found, row(1, 0, 1.5, 2.25, 30.75, 39.5, 1))


def test_parts_of_objects_are_no_boxes(call, folder):
    part = "<part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>"
    folder.add(voc(thing("cat", 1, 2, 3, 4, behind=part), "<object><name>dog</name></object>"))
    (found,), _ = boxes(call, folder)
    equal(found, row(1, 0, 1, 2, 3, 4))


@pytest.mark.parametrize("size", [None, (0, 0)])
def test_without_a_size_the_pictures_own_counts(call, folder, size):
    folder.add(voc(thing("cat", 1, 2, 3, 4), size=size), size=(20, 10))
    (found,), output = boxes(call, folder)
    equal(found, row(1, 0, 1, 2, 3, 4, size=(20, 10)))
    assert "another size" not in output


def test_another_size_is_followed_and_warned_of(call, folder):
    name = folder.add(voc(thing("cat", 1, 2, 3, 4), size=(80, 100)))
    (found,), output = boxes(call, folder)
    equal(found, row(1, 0, 1, 2, 3, 4, size=(80, 100)))
    assert f"{name}: the picture is 40 x 50, and the annotation says 80 x 100" in output
    assert "Pictures of another size than their annotation says: 1" in output


def test_a_picture_may_have_no_box(call, folder):
    folder.add(voc())
    (found,), output = boxes(call, folder)
    assert not len(found) and "Pictures without a box: 1" in output


# -- text ----------------------------------------------------------------------------------

def test_text(call, folder):
    folder.add("1 1 2 3 4\n\n2 5.5 6 7 8\r\n1 0 0 50 40", ".txt")
    (found,), _ = boxes(call, folder, "txt")
    equal(found, row(1, 0, 1, 2, 3, 4), row(1, 1, 0, 0, 50, 40), row(2, 0, 5.5, 6, 7, 8))


# -- COCO ----------------------------------------------------------------------------------

IDS = 'item { name: "17" label: 1 display_name: "cat" } item { name: "18" label: 2 }'


def test_a_coco_picture(call, folder):
    folder.map.write_text(IDS)
    folder.add(coco({"category_id": 18, "bbox": [10, 20, 5.5, 6]},
                    {"category_id": 17, "bbox": [0, 0, 50, 40], "iscrowd": 1}), ".json")
    (found,), _ = boxes(call, folder, "json")
    equal(found, row(2, 0, 10, 20, 15.5, 26), row(1, 0, 0, 0, 50, 40, 1))


@pytest.mark.parametrize("labels", [None, IDS, 'item { name: "x" label: 1 display_name: "cat" } '
                                                'item { name: "y" label: 2 display_name: "dog" }'])
def test_a_coco_set(call, folder, labels):
    """The label map has the categories' names, their ids, or their names as display names."""
    if labels:
        folder.map.write_text(labels)
    images = [{"id": 7, "file_name": folder.picture("b.png"), "height": HEIGHT, "width": WIDTH},
              {"id": 5, "file_name": folder.picture("a.png"), "height": HEIGHT, "width": WIDTH},
              {"id": 6, "file_name": folder.picture("c.png")}]
    objects = [{"image_id": 5, "category_id": 18, "bbox": [1, 2, 3, 4], "iscrowd": 0},
               {"image_id": 7, "category_id": 17, "bbox": [5, 6, 7, 8]},
               {"image_id": 5, "category_id": 18, "bbox": [2, 2, 3, 4]}]
    folder.list = folder.path / "instances.json"
    folder.list.write_text(json.dumps({
        "images": images, "annotations": objects,
        "categories": [{"id": 17, "name": "cat"}, {"id": 18, "name": "dog"}]}))
    (b, a, c), _ = boxes(call, folder, "json")
    equal(b, row(1, 0, 5, 6, 12, 14))
    equal(a, row(2, 0, 1, 2, 4, 6), row(2, 1, 2, 2, 5, 6))
    equal(c)
    assert list(records(folder.path / "db")) == ["b.png", "a.png", "c.png"]
