"""convert_annoset where something is wrong: annotations, boxes, label maps, lists."""

import json

import numpy as np
import pytest
from annosets import HEIGHT, WIDTH, Folder, coco, records, thing, voc

from caffepy.tools.convert_annoset import main

GOOD = voc(thing("cat", 1, 2, 30, 40))


@pytest.fixture
def folder(tmp_path):
    made = Folder(tmp_path)
    made.add(GOOD)
    return made


def check_others(folder, done, why):
    """The second picture is left out and told of; the database has all others."""
    assert done.exit_code == 1 and "Traceback" not in done.output
    count = len(folder.lines)
    assert done.output.count(f"Failed to read {folder.root}1.png") == 1
    summary = done.output.partition(f"1 of {count} pictures could not be read")[2]
    assert why in summary and len(summary.strip().splitlines()) == 2
    assert list(records(folder.path / "db")) == [f"{i}.png" for i in range(count) if i != 1]


@pytest.mark.parametrize("annotation, why", [
    (GOOD[:-13], "1.xml: the annotation is no whole XML file: no element found: line 1"),
    (GOOD[:-30], "1.xml: the annotation is no whole XML file: unclosed token: line 1"),
    ("", "1.xml: the annotation is no whole XML file"),
    ("<svg/>", "1.xml: the annotation is none of VOC's (found <svg>"),
    ('<?xml version="1.0" encoding="no-such"?><annotation/>', "the annotation is no whole XML"),
    (voc(thing("cat", 1, "nan", 3, 4)), "1.xml: a box has corners that are no numbers (found 1 n"),
    (voc(thing("cat", 1, "two", 3, 4)), "a box has corners that are no numbers (found 1 nan 3 4"),
    (voc(thing("cat", 1, 2, "1e99", 4)), "a box has corners that are no numbers (found 1 2 inf"),
    (voc(thing("cats", 1, 2, 3, 4)),
     "1.xml, object 1: the label map has no such name (found cats). Did you mean cat?"),
    (voc(thing("cat", 1, 2, 3, 4), thing("horse", 1, 2, 3, 4), thing("cow", 1, 2, 3, 4)),
     "object 2: the label map has no such name (found horse)"),
    (voc("<object><bndbox/></object>"), "1.xml, object 1: the object has no <name>"),
])
def test_xml_that_cannot_be_used(call, folder, annotation, why):
    folder.add(annotation)
    folder.add(GOOD)
    check_others(folder, call(main, *folder.words()), why)


def test_unknown_classes_are_counted(call, folder):
    folder.add(voc(thing("horse", 1, 2, 3, 4), thing("cow", 1, 2, 3, 4)))
    folder.add(voc(thing("horse", 1, 2, 3, 4)))
    done = call(main, *folder.words("--jobs=2"))
    assert ("Boxes of classes that the label map lacks, their pictures left out: 3 (horse 2, "
            "cow 1)") in done.output
    assert "(1 more objects are wrong)" in done.output


@pytest.mark.parametrize("annotation, why", [
    (coco({"category_id": 1, "bbox": [1, 2, 3, 4]})[:-9], "the annotation is no whole JSON file"),
    ("[]", "the annotation is none of COCO's (found a list"),
    ('{"images": []}', "the annotation is none of a COCO picture (found the keys images"),
    (coco({"bbox": [1, 2, 3, 4]}), "object 1: the object has no category_id"),
    (coco({"category_id": "cat", "bbox": [1, 2, 3]}), "object 1: the object has no bbox"),
    (coco({"category_id": "cat", "bbox": [1, 2, float("nan"), 4]}), "corners that are no numbers"),
    (coco({"category_id": "cat", "bbox": [1, 2, [3], 4]}), "corners that are no numbers"),
    (coco({"category_id": [1], "bbox": [1, 2, 3, 4]}), "object 1: the object has no category_id"),
    (coco({"category_id": 90, "bbox": [1, 2, 3, 4]}), "the label map has no such name (found 90)"),
    ('{"annotation": [3]}', "object 1: the object is none (found 3)"),
])
def test_json_that_cannot_be_used(call, tmp_path, annotation, why):
    folder = Folder(tmp_path)
    folder.add(coco({"category_id": "cat", "bbox": [1, 2, 3, 4]}), ".json")
    folder.add(annotation, ".json")
    check_others(folder, call(main, *folder.words(label_type="json")), why)


@pytest.mark.parametrize("annotation, why", [
    ("1 2 3 4", "1.txt:1: a line is no object (found '1 2 3 4'; allowed: label xmin"),
    ("1 2 3 4 5\ncat 1 2 3 4", "1.txt:2: a line is no object"),
    ("9 1 2 3 4", "1.txt:1: the label map has no such label (found 9)"),
    ("1 1 2 nan 4", "1.txt: a box has corners that are no numbers"),
])
def test_text_that_cannot_be_used(call, tmp_path, annotation, why):
    folder = Folder(tmp_path)
    folder.add("1 1 2 3 4", ".txt")
    folder.add(annotation, ".txt")
    check_others(folder, call(main, *folder.words(label_type="txt")), why)


def test_a_picture_or_an_annotation_that_is_missing(call, folder):
    folder.listed(f"{folder.picture('1.png')} gone.xml")
    check_others(folder, call(main, *folder.words()), "gone.xml: there is no such annotation file")
    done = call(main, *folder.words("--allow_missing", "--overwrite"))
    assert done.exit_code == 0 and "Pictures without a box: 1" in done.output
    assert len(records(folder.path / "db")["1.png"]) == 0
    folder.lines.pop()
    folder.listed("1.png 0.xml")
    (folder.path / "1.png").unlink()
    check_others(folder, call(main, *folder.words("--overwrite")), "1.png")


# -- boxes ---------------------------------------------------------------------------------

def test_boxes_that_look_wrong_are_counted(call, folder):
    folder.add(voc(
        thing("cat", -1, 2, 60, 40), thing("cat", 10, 2, 30, 41),   # over the edge
        thing("dog", 50, 0, 60, 10), thing("dog", 0, -9, 10, 0),    # outside
        thing("dog", 0, 0, 101, 40), thing("dog", 0, -81, 50, 40),  # far over the edge
        thing("cat", 5, 5, 5, 9), thing("cat", 9, 5, 5, 9), thing("cat", 0, 0, 0, 0),
        thing("dog", 0, 0, 50, 40)))
    done = call(main, *folder.words())
    assert done.exit_code == 0
    for line in ("Boxes over the edge of their picture, kept as they are: 2",
                 "Boxes outside of their picture, left out: 4",
                 "Boxes without an area, left out: 3", "Boxes of each class: cat 3, dog 1"):
        assert line in done.output, line
    assert ("1.xml: a box lies outside of the picture, and is left out: 50 0 60 10, of 50 x 40 "
            "pixels") in done.output
    found = records(folder.path / "db")["1.png"]
    expected = np.float32([[-1, 2, 60, 40], [10, 2, 30, 41], [0, 0, 50, 40]])
    np.testing.assert_array_equal(found[:, 2:6], expected / np.float32([WIDTH, HEIGHT] * 2))
    assert list(found[:, 1]) == [0, 1, 0]


def test_so_many_wrong_boxes_have_their_line(call, folder):
    folder.add(voc(*[thing("cat", 1, 1, 1, 1)] * 15))
    folder.add(voc(*[thing("cat", 1, 1, 1, 1)] * 15))
    done = call(main, *folder.words())
    assert done.output.count("a box has no area") == 20
    assert "Boxes without an area, left out: 30" in done.output


# -- what stops it -------------------------------------------------------------------------

@pytest.mark.parametrize("flags, why", [
    (["--label_map_file="], "detection needs a label map. Give one: --label_map_file FILE"),
    (["--label_map_file=none"], "none: there is no such label_map_file"),
    (["--label_type=yaml"], "label_type"),
    (["--anno_type=boxes"], "anno_type"),
    (["--jobs=-1"], "jobs must be 0"),
    (["--encode_type=xyz"], "pictures cannot be written in this format"),
])
def test_flags(call, folder, flags, why):
    done = call(main, *folder.words(*flags))
    assert done.exit_code == 1 and why in done.output
    assert not (folder.path / "db").exists()


def test_label_maps_with_doubles(call, folder):
    folder.map.write_text(folder.map.read_text() + 'item { name: "cat" label: 2 }')
    done = call(main, *folder.words("--check_label"))
    assert done.exit_code == 1
    assert "names and labels must each be there once (found several times: cat, label 2)" in (
        done.output)
    assert call(main, *folder.words()).exit_code == 0
    assert records(folder.path / "db")["0.png"][0, 0] == 2  # the last one counts


def test_lists(call, folder):
    folder.listed("alone.png")
    done = call(main, *folder.words())
    assert done.exit_code == 1
    assert "list.txt:2: a line is a picture and its annotation" in done.output
    folder.list.write_text("\n")
    assert "the list names no picture" in call(main, *folder.words()).output
    folder.list.unlink()
    assert "no such list of pictures" in call(main, *folder.words()).output
    folder.root = "/no/such/"
    folder.list.write_text("a b\n")
    assert "/no/such/: there is no such folder" in call(main, *folder.words()).output


def test_nothing_that_can_be_used(call, tmp_path):
    folder = Folder(tmp_path)
    folder.add(GOOD[:20])
    done = call(main, *folder.words())
    assert done.exit_code == 1 and "none of the 1 pictures could be read" in done.output
    assert not (tmp_path / "db").exists()


@pytest.mark.parametrize("content, why", [
    ({"annotation": []}, "the file is none of a COCO set (found the keys annotation"),
    ({"images": [], "annotations": []}, "the set has no picture"),
    ({"images": [{"id": 1}], "annotations": []}, "an image of the set has no id or no file_name"),
    ({"images": [{"id": 1, "file_name": "0.png"}], "annotations": [{"image_id": 3}]},
     "annotations of pictures that are not in the set (found image_id 3)"),
    ({"images": [{"id": 1, "file_name": "0.png"}], "annotations": [4]},
     "annotations of pictures that are not in the set (found image_id none)"),
])
def test_coco_sets_that_cannot_be_used(call, folder, content, why):
    folder.list = folder.path / "set.json"
    folder.list.write_text(json.dumps(content))
    done = call(main, *folder.words(label_type="json"))
    assert done.exit_code == 1 and why in done.output
