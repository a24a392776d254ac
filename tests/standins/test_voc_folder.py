"""A folder like Pascal VOC's as a roidb, from a script or by a net's own words."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build

from caffepy.errors import CaffeError
from caffepy.standins.datasets.factory import get_imdb
from caffepy.standins.datasets.pascal_voc import Folder
from caffepy.standins.fast_rcnn.train import filter_roidb, get_training_roidb, unnormalize

LINE = ('name: "input-data" type: "Python" %s python_param { module: "roi_data_layer.layer" '
        'layer: "RoIDataLayer" param_str: "%s" }')
WORDS = ("{'num_classes': 3, 'source': 'VOC', 'label_map_file': 'map.prototxt', 'split': '%s', "
         "'cfg': {'TRAIN': {'HAS_RPN': True, 'IMS_PER_BATCH': 1, 'SCALES': (40,), "
         "'USE_FLIPPED': False}, 'TEST': {'SCALES': (20,)}}%s}")
OBJECT = ("<object><name>%s</name><difficult>%d</difficult><bndbox><xmin>%g</xmin><ymin>%g</ymin>"
          "<xmax>%g</xmax><ymax>%g</ymax></bndbox></object>")
OBJECTS = {  # 40 x 60 pixels; corners from 1, both ends within
    "a": [("cat", 0, 1, 1, 10, 20), ("dog", 1, 11, 5, 30, 40)],
    "b": [("dog", 0, 0, 3, 65, 40)],  # over both edges
    "c": []}


@pytest.fixture
def folder(tmp_path, monkeypatch, cfg):
    """In the working folder, with a label map beside it."""
    monkeypatch.chdir(tmp_path)
    root = Path("VOC")
    for room in ("ImageSets/Main", "Annotations", "JPEGImages"):
        (root / room).mkdir(parents=True)
    for i, (name, objects) in enumerate(OBJECTS.items()):
        picture = np.full((40, 60, 3), 40 * (i + 1), np.uint8)
        cv2.imwrite(str(root / "JPEGImages" / f"{name}{'.jpg' if i else '.png'}"), picture)
        size = "<size><width>60</width><height>40</height></size>" if i else ""
        (root / "Annotations" / f"{name}.xml").write_text(
            f"<annotation>{size}{''.join(OBJECT % one for one in objects)}</annotation>")
    (root / "ImageSets" / "Main" / "all.txt").write_text("a\nb  1\n\nc -1\n")
    Path("map.prototxt").write_text("".join(
        f'item {{ name: "{name}" label: {i} }}\n' for i, name in enumerate(("none", "cat", "dog"))))
    return root


def test_a_roidb(folder):
    first, second, third = Folder("VOC", "all", ("none", "cat", "dog")).roidb
    assert first["boxes"].tolist() == [[0, 0, 9, 19]] and first["gt_classes"].tolist() == [1]
    assert first["image"] == "VOC/JPEGImages/a.png"
    assert (first["height"], first["width"]) == (40, 60)
    assert second["boxes"].tolist() == [[0, 2, 59, 39]]
    assert second["gt_overlaps"].tolist() == [[0, 0, 1]] and not len(third["boxes"])
    whole = Folder("VOC", "all", ("none", "cat", "dog"), difficult=True)
    assert whole.roidb[0]["gt_classes"].tolist() == [1, 2]
    assert whole.roidb[0]["difficult"].tolist() == [False, True]


def test_what_is_trained_on(folder, cfg):
    """Mirrored pictures come behind the others, and those without boxes go."""
    found = Folder("VOC", "all", ("none", "cat", "dog"))
    found.set_proposal_method("gt")
    roidb = filter_roidb(get_training_roidb(found))
    assert found.num_images == 6 and len(roidb) == 4
    assert [entry["flipped"] for entry in roidb] == [False, False, True, True]
    assert roidb[2]["boxes"].tolist() == [[50, 0, 59, 19]]
    assert roidb[2]["max_overlaps"].tolist() == [1] and roidb[2]["max_classes"].tolist() == [1]
    with pytest.raises(CaffeError, match="no such boxes .found rpn.*default, gt"):
        found.set_proposal_method("rpn")


def test_voc_by_its_name(folder, cfg):
    cfg.DATA_DIR = "data"
    Path("data/VOCdevkit2007").mkdir(parents=True)
    Path("VOC").rename("data/VOCdevkit2007/VOC2007")
    Path("data/VOCdevkit2007/VOC2007/ImageSets/Main/all.txt").rename(
        "data/VOCdevkit2007/VOC2007/ImageSets/Main/val.txt")
    found = get_imdb("voc_2007_val")
    assert found.name == "voc_2007_val" and found.num_classes == 21 and found.num_images == 3
    assert found.roidb[0]["gt_classes"].tolist() == [8]  # a cat
    with pytest.raises(CaffeError, match="no such imdb .*vall.*Did you mean voc_2007_val"):
        get_imdb("voc_2007_vall")


def layer(split="all", more="", **options):
    tops = "".join(f'top: "{name}" ' for name in ("data", "im_info", "gt_boxes"))
    made, _, top = build(LINE % (tops, WORDS % (split, more)), **options)
    return made, top


def test_a_net_names_its_folder(folder, cfg):
    """The settings of param_str hold, and the pictures are those with boxes."""
    made, top = layer()
    seen = set()
    for _ in range(6):
        made.forward([], top)
        assert top[0].shape == (1, 3, 40, 60) and top[1].data.tolist() == [[40, 60, 1]]
        seen.add(tuple(top[2].data.ravel()))
    assert seen == {(0, 0, 9, 19, 1), (0, 2, 59, 39, 2)}


def test_testing_goes_through_all_pictures_in_order(folder, cfg):
    made, top = layer(more=", 'rows': True", phase="TEST")
    assert top[2].shape == (1, 1, 1, 8)
    levels, rows = [], []
    for _ in range(4):
        made.forward([], top)
        levels.append(round(float(top[0].data[0, 0].mean() + 102.9801)))
        rows.append(top[2].data[0, 0].copy())
        assert top[1].data.tolist() == [[20, 30, 0.5]]
    assert levels == [40, 80, 120, 40]
    assert_allclose(rows[0], [[0, 1, 0, 0, 0, 10 / 60, 20 / 40, 0],
                              [0, 2, 1, 10 / 60, 4 / 40, 30 / 60, 1, 1]], rtol=1e-6)
    assert_allclose(rows[1], [[0, 2, 0, 0, 2 / 40, 1, 1, 0]], rtol=1e-6)
    assert rows[2].tolist() == [[-1] * 8]


def test_workers_share_the_pictures_out(folder, cfg, monkeypatch):
    """Two workers' pictures are those of one, in turn."""
    def numbers(rank, size, count):
        made, top = layer()
        made.instance.context.rank, made.instance.context.size = rank, size
        return [made.instance._batch(n * size + rank)[0] for n in range(count)]
    one, two = numbers(0, 2, 6), numbers(1, 2, 6)
    whole, top = layer()
    assert [n for pair in zip(one, two, strict=True) for n in pair] == [
        whole.instance._batch(n)[0] for n in range(12)]


@pytest.mark.parametrize("change, message", [
    ({"split": "none"}, r"ImageSets/Main/none.txt: there is no list of this image set"),
    ({"more": ", 'num_classes': 4"}, "num_classes counts the classes.*classes 4.*3, "),
    ({"more": ", 'cfg': {'TRAIN': {'SCALE': 4}}"}, "no setting SCALE.* Did you mean SCALES"),
    ({"more": ", 'cfg': 'none.yml'"}, "none.yml: there is no such file of settings"),
    ({"more": ", 'cfg': 3"}, "cfg is the name of a file or"),
])
def test_errors(folder, cfg, change, message):
    with pytest.raises(CaffeError, match=message):
        layer(**change)


@pytest.mark.parametrize("break_it, message", [
    (lambda root: (root / "Annotations" / "b.xml").write_text("<annotation>"), "no whole XML"),
    (lambda root: (root / "Annotations" / "b.xml").unlink(), "b.xml: there is no such annotation"),
    (lambda root: (root / "ImageSets" / "Main" / "all.txt").write_text("c"),
     "VOC, all: no picture of this image set has a box to learn from .found 1 pictures"),
    (lambda root: (root / "JPEGImages" / "b.jpg").unlink(), "b.jpg: there is no such picture"),
    (lambda root: (root / "Annotations" / "b.xml").write_text(
        "<annotation>" + OBJECT % ("cow", 0, 1, 1, 2, 2) + "</annotation>"), "no such name .*cow"),
])
def test_damaged_folders(folder, cfg, break_it, message):
    break_it(folder)
    with pytest.raises(CaffeError, match=message):
        layer()


def test_weights_for_deltas_as_they_are():
    class Blob:
        def __init__(self, values):
            self.data, self.count = np.array(values, float), np.size(values)
    weights, bias = Blob(np.ones((8, 2))), Blob(np.arange(8))
    net = type("Net", (), {"params": {"bbox_pred": [weights, bias]}})
    unnormalize(net)
    assert_allclose(weights.data[:, 0], [0.1, 0.1, 0.2, 0.2] * 2)
    assert_allclose(bias.data, np.arange(8) * ([0.1, 0.1, 0.2, 0.2] * 2))
