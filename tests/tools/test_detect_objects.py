"""detect with a net that finds boxes: pictures, VOC's files as DetectionOutput's own, COCO's."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import small_detector

from caffepy.errors import ShapeError
from caffepy.services import fitting
from caffepy.services.objects import ObjectNet
from caffepy.services.picture_rule import PictureRule
from caffepy.services.sheets import palette
from caffepy.tools.detect import main

NET = "--model_def=deploy.prototxt", "--pretrained_model=w.caffemodel"
BOX = [15, 10, 45, 30]  # the middle half of 60 x 40
SUM = 64 * 0.05 * (255 - 127.5) * 0.0078  # of a colour's pixels; the other colour has minus that
SCORE = np.exp(SUM) / (np.exp(SUM) + 1 + np.exp(-SUM))


@pytest.fixture(autouse=True)
def there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small_detector.write()


def test_a_folder_of_pictures(call):
    done = call(main, *NET, "--labels=map.prototxt", "photos", "found")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    for name, label in (("sea.png", "sea"), ("rose 7.jpg", "rose")):
        at = lines.index(f"---------- Detections in photos/{name} ----------")
        score, _, rest = lines[at + 1].partition(" ")
        assert float(score) == pytest.approx(SCORE, abs=2e-3)  # a JPEG's colours are not whole
        assert rest == f'- "{label}" at ymin=10 xmin=15 ymax=30 xmax=45'
        assert lines[at + 2].startswith("-----") or "Processed" in lines[at + 2]  # above 0.5
        picture = cv2.imread(f"found/pictures/{name}").astype(int)
        assert picture.shape == (40, 60, 3)
        number = {"sea": 1, "rose": 2}[label]
        edge = picture[20, BOX[0]] - palette.color_of(number)
        assert np.abs(edge).max() < 60  # JPEG's colours run
    plain = cv2.imread("found/pictures/12.png")
    assert (plain == small_detector.COLORS["12.png"]).all()  # nothing from 0.5 up
    found = json.loads(Path("found/detections.json").read_text())
    assert {entry["image_id"] for entry in found} == {12, "rose 7", "sea"}
    assert all(entry["bbox"] == [15.0, 10.0, 30.0, 20.0] for entry in found)
    sea = [entry for entry in found if entry["image_id"] == "sea" and entry["category_id"] == 1]
    assert sea[0]["score"] == pytest.approx(SCORE, rel=1e-5)
    voc = Path("found/comp4_det_test_sea.txt").read_text().splitlines()
    assert [line.rpartition(" 15 10 45 30")[0].rpartition(" ")[0] for line in voc] == ["12", "sea"]


def test_the_files_are_detection_outputs_own(call):
    """With save_output_param the layer writes them itself, of the same pictures in the same order;
    the tool keeps it from doing so."""
    from caffepy.core.context import Context
    from caffepy.core.net import Net
    from caffepy.data import image
    from caffepy.proto import caffe_pb2

    names = sorted(small_detector.COLORS)
    Path("sizes.txt").write_text("".join(f"{Path(name).stem.split()[0]} 40 60\n" for name in names))
    small_detector.write('save_output_param { output_directory: "own" output_format: "VOC" '
                         'output_name_prefix: "comp4_det_test_" label_map_file: "map.prototxt" '
                         'name_size_file: "sizes.txt" }')
    net = Net("deploy.prototxt", caffe_pb2.TEST, context=Context(seed=1))
    net.load("w.caffemodel")
    net.blob("data").reshape(1, 3, 8, 8)
    for name in names:
        picture = image.read_image(f"photos/{name}", True, 8, 8)
        net.blob("data").data[...] = (picture - np.float32(127.5)) * np.float32(0.0078)
        net.forward()
    own = {path.name: path.read_text() for path in Path("own").iterdir()}
    for path in Path("own").iterdir():
        path.unlink()
    done = call(main, *NET, "photos", "found")  # the names are the net's own label map's
    assert done.exit_code == 0, done.output
    assert not list(Path("own").iterdir())
    ours = {path.name: path.read_text().replace("rose 7 ", "rose ")
            for path in Path("found").glob("*.txt")}
    assert ours == own and len(own) == 2


def boxes_of(call, words):
    """Of blue in the sea, after the net's file has said more of its pictures."""
    text = Path("deploy.prototxt").read_text()
    Path("deploy.prototxt").write_text(text.replace("scale: 0.0078", f"scale: 0.0078 {words}", 1))
    done = call(main, *NET, "photos/sea.png", "found")
    assert done.exit_code == 0, done.output
    return [entry["bbox"] for entry in json.loads(Path("found/detections.json").read_text())
            if entry["category_id"] == 1]


def test_a_picture_that_is_fitted_in_and_padded(call):
    """40 x 60 fits 8 x 8 as 5 1/3 x 8, 1 1/3 from above: the input's middle half, 2 to 6, is 0.125
    to 0.875 of the picture's height."""
    found = boxes_of(call, "resize_param { resize_mode: FIT_LARGE_SIZE_AND_PAD height: 8 width: 8 "
                           "pad_value: 127 }")
    assert found == [[15.0, 5.0, 30.0, 30.0]]  # x, y, width, height


def test_a_picture_that_covers_the_input(call):
    """40 x 60 covers 8 x 8 as 8 x 12, where the net has five places 2.4 pixels apart, the first at
    1.2; a box is 4 wide, and a pixel of the input is 5 of the picture."""
    text = Path("deploy.prototxt").read_text()
    Path("deploy.prototxt").write_text(text.replace(
        'layer { name: "flat_prob" type: "Flatten" bottom: "prob"',
        'layer { name: "perm" type: "Permute" bottom: "prob" top: "perm" permute_param { order: 0 '
        'order: 2 order: 3 order: 1 } } layer { name: "flat_prob" type: "Flatten" bottom: "perm"'))
    found = boxes_of(call, "resize_param { resize_mode: FIT_SMALL_SIZE height: 8 width: 8 }")
    assert sorted(found) == [[0.0, 10.0, 16.0, 20.0], [8.0, 10.0, 20.0, 20.0],
                             [20.0, 10.0, 20.0, 20.0], [32.0, 10.0, 20.0, 20.0],
                             [44.0, 10.0, 16.0, 20.0]]


@pytest.mark.parametrize("sides, size, scale", [
    ((20, 0), (20, 30), 0.5), ((20, 24), (16, 24), 0.4), ((20, 30), (20, 30), 0.5)])
def test_a_picture_by_its_shorter_side(sides, size, scale):
    picture = np.zeros((40, 60, 3), np.uint8)
    found = fitting.fit(picture, (8, 8), PictureRule(sides=sides))
    assert found.pixels.shape == (*size, 3) and found.scales == pytest.approx((scale, scale))
    assert found.back(np.array([[0.5, 0.25, 2, 1]])).tolist() == [[30, 10, 60, 40]]


def test_what_a_layer_cannot_do_is_said_with_the_picture(call, monkeypatch):
    def refuse(self, picture):
        raise ShapeError("no box is large enough", where="layer 'proposal' (Python)")
    monkeypatch.setattr(ObjectNet, "objects", refuse)
    done = call(main, *NET, "photos/sea.png", "found")
    assert done.exit_code == 1
    assert "photos/sea.png, layer 'proposal' (Python): no box is large enough" in done.output


def test_a_list_and_one_picture(call):
    Path("list.txt").write_text("photos/sea.png\n\nphotos/12.png\n")
    done = call(main, *NET, "-confidence_threshold=0.01", "-top=1", "list.txt", "found")
    assert done.exit_code == 0, done.output
    assert done.output.count(" at ymin=") == 2 and "- 1 at" in done.output
    assert call(main, *NET, "photos/sea.png", "one").exit_code == 0
    assert [path.name for path in Path("one/pictures").iterdir()] == ["sea.png"]


def test_pictures_of_one_name(call):
    Path("photos/more").mkdir()
    Path("photos/sea.png").rename("photos/more/12.png")
    assert call(main, *NET, "photos", "found").exit_code == 0
    assert {path.name for path in Path("found/pictures").iterdir()} == {
        "12.png", "12-2.png", "rose 7.jpg"}


@pytest.mark.parametrize("source, folder, said", [
    ("nowhere", "found", "there is no such picture, folder or list"),
    ("list.txt", "found", "list.txt, photos/none.png: there is no such picture"),
    ("photos", "map.prototxt", "the folder cannot be made"),
    ("map.prototxt", "found", "map.prototxt: not a picture"),
])
def test_mistakes(call, source, folder, said):
    Path("list.txt").write_text("photos/none.png\n")
    done = call(main, *NET, source, folder)
    assert done.exit_code == 1 and said in done.output
