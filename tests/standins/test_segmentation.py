"""FCN's data layers over small data sets of the forms that the large ones have."""

import struct

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose
from support import build

from caffepy.errors import ConfigError, DataError, NotFound

MEAN = np.array([10.5, 20.25, 30.0])
SCENES = "spatial_envelope_256x256_static_8outdoorcategories"
NAMES = ("one", "two", "three", "four")
SETTINGS = "'mean': (10.5, 20.25, 30.0), 'split': '%s'%s"


def line(module, layer, settings, tops):
    return (f'name: "data" type: "Python" {"".join(f"top: {i!r} " for i in map(str, range(tops)))} '
            f'python_param {{ module: "{module}" layer: "{layer}" param_str: "{{{settings}}}" }}')


def element(kind, data):
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def matrix(name, *parts, kind=9, shape=(1, 1)):
    """An element of a MATLAB file."""
    head = [element(6, struct.pack("<II", kind, 0)), element(5, struct.pack("<ii", *shape)),
            element(1, name.encode())]
    return element(14, b"".join([*head, *parts]))


def numbers(name, values):
    """The same of small whole numbers, which may be below 0."""
    return matrix(name, element(3, values.astype("<i2").tobytes("F")), kind=10, shape=values.shape)


def save(path, *variables):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"MATLAB 5.0".ljust(124) + struct.pack("<H", 0x100) + b"IM"
                     + b"".join(variables))


def write(path, picture):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture)


def listed(path, names=NAMES):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(names) + "\n")


def size(i):
    return 8 + i, 10 + 2 * i


def picture(i):
    """One whose colours a JPEG keeps."""
    return np.full((*size(i), 3), (60 + 10 * i, 90, 120), np.uint8)


def label(i):
    return (np.arange(np.prod(size(i))).reshape(size(i)) * (i + 1) % 21).astype(np.uint8)


@pytest.fixture
def voc(tmp_path):
    for split in ("train", "val", "seg11valid", "trainval"):
        listed(tmp_path / "voc" / "ImageSets" / "Segmentation" / f"{split}.txt")
    for i, name in enumerate(NAMES):
        write(tmp_path / "voc" / "JPEGImages" / f"{name}.jpg", picture(i))
        write(tmp_path / "voc" / "SegmentationClass" / f"{name}.png", label(i))
    return f"'voc_dir': '{tmp_path / 'voc'}', " + SETTINGS


def shown(built, count):
    """Which pictures come in so many passes, by their sizes."""
    layer, bottom, top = built
    found = []
    for _ in range(count):
        layer.reshape(bottom, top)
        layer.forward(bottom, top)
        found.append(top[0].shape[2] - 8)
        i = found[-1]
        assert_allclose(top[0].data, picture(i).transpose(2, 0, 1)[None] - MEAN[:, None, None],
                        atol=2)
        assert top[1].shape == (1, 1, *size(i)) and (top[1].data[0, 0] == label(i)).all()
    return found


def test_from_first_to_last(voc):
    for split in ("val", "seg11valid"):
        built = build(line("voc_layers", "VOCSegDataLayer", voc % (split, ""), 2))
        assert shown(built, 9) == [0, 1, 2, 3, 0, 1, 2, 3, 0]
    built = build(line("voc_layers", "VOCSegDataLayer", voc % ("train", ", 'randomize': False"), 2))
    assert shown(built, 5) == [0, 1, 2, 3, 0]
    built[0].position = 2
    assert shown(built, 2) == [2, 3]


def test_drawn_at_random(voc):
    def passes(seed, count=24, own=", 'seed': 1337", start=0):
        built = build(line("voc_layers", "VOCSegDataLayer", voc % ("train", own), 2), seed=seed)
        built[0].position = start
        return shown(built, count)
    whole = passes(1)
    assert whole == passes(2), "the layer's own seed"
    assert passes(1, 4, start=20) == whole[20:], "as in a resumed training"
    assert whole != passes(1, own=", 'seed': 7")
    assert passes(1, own="") == passes(1, own="") != passes(2, own="")
    counts = np.bincount(passes(1, 400), minlength=4)
    assert abs(counts - 100).max() < 40 and {*whole} == {0, 1, 2, 3}


@pytest.mark.parametrize("split", ["val", "train"])
def test_workers_share_the_pictures_out(voc, split):
    found = []
    for rank, size in ((0, 1), (0, 2), (1, 2)):
        built = build(line("voc_layers", "VOCSegDataLayer", voc % (split, ", 'seed': 3"), 2))
        built[0].context.rank, built[0].context.size = rank, size
        found.append(shown(built, 12 // size))
    whole, first, second = found
    assert first == whole[::2] and second == whole[1::2]


def test_sbdd(tmp_path):
    folder = tmp_path / "sbdd"
    listed(folder / "train.txt", ["one"])
    write(folder / "img" / "one.jpg", picture(0))
    fields = element(5, struct.pack("<i", 13)) + element(1, b"Boundaries\0\0\0Segmentation\0")
    save(folder / "cls" / "one.mat", matrix("GTcls", fields, matrix("", kind=1, shape=(0, 0)),
                                            numbers("", label(0)), kind=2))
    text = f"'sbdd_dir': '{folder}', " + SETTINGS % ("train", ", 'seed': 1")
    assert shown(build(line("voc_layers", "SBDDSegDataLayer", text, 2)), 2) == [0, 0]
    save(folder / "cls" / "one.mat", numbers("other", label(0)))
    with pytest.raises(DataError, match="one.mat.*no GTcls with a Segmentation"):
        build(line("voc_layers", "SBDDSegDataLayer", text, 2))


def test_nyud(tmp_path):
    folder = tmp_path / "nyud"
    listed(folder / "test.txt", ["7"])
    for kind in ("images", "hha"):
        write(folder / "data" / kind / "img_7.png", picture(1))
    depth = (500 + np.arange(np.prod(size(1))).reshape(size(1)) * 70).astype(np.uint16)
    write(folder / "data" / "depth" / "img_7.png", depth)
    save(folder / "segmentation" / "img_7.mat", numbers("segmentation", label(1)))
    text = (f"'nyud_dir': '{folder}', 'split': 'test', "
            "'tops': ['color', 'depth', 'hha', 'label']")
    layer, bottom, top = build(line("nyud_layers", "NYUDSegDataLayer", text, 4))
    layer.forward(bottom, top)
    color, deep, hha, labels = (blob.data[0] for blob in top)
    assert_allclose(color[:, 0, 0], [70 - 116.190, 90 - 97.203, 120 - 92.318], rtol=1e-5)
    assert_allclose(hha[:, 0, 0], [120 - 132.431, 90 - 94.076, 70 - 118.477], rtol=1e-5)
    assert_allclose(deep[0], np.log(depth) - 7.844, rtol=1e-4, atol=1e-5)
    assert (labels[0] == np.where(label(1) == 0, 255, label(1).astype(int) - 1)).all()
    with pytest.raises(ConfigError, match=r"'tops' says what each top is .*for 3 tops"):
        build(line("nyud_layers", "NYUDSegDataLayer", text, 3))


def test_siftflow(tmp_path):
    folder = tmp_path / "sift"
    listed(folder / "test.txt", ["a/b"])
    write(folder / "Images" / SCENES / "a" / "b.jpg", picture(2))
    surfaces = label(2).astype(int) % 5 - 1
    save(folder / "SemanticLabels" / SCENES / "a" / "b.mat", numbers("S", label(2)))
    save(folder / "GeoLabels" / SCENES / "a" / "b.mat", numbers("S", surfaces))
    text = f"'siftflow_dir': '{folder}', 'split': 'test'"
    layer, bottom, top = build(line("siftflow_layers", "SIFTFlowSegDataLayer", text, 3))
    layer.forward(bottom, top)
    assert_allclose(top[0].data[0, :, 0, 0], [80 - 114.578, 90 - 115.294, 120 - 108.353], atol=2)
    assert (top[1].data[0, 0] == np.where(label(2) == 0, 255, label(2).astype(int) - 1)).all()
    assert (top[2].data[0, 0] == np.where(surfaces < 1, 255, surfaces - 1)).all()


def test_pascal_context(tmp_path):
    listed(tmp_path / "VOC2010" / "ImageSets" / "Main" / "val.txt", ["one"])
    write(tmp_path / "VOC2010" / "JPEGImages" / "one.jpg", picture(3))
    every = ["aeroplane", "bag", "bed clothes", "cloth", "table", "wall"]
    listed(tmp_path / "labels.txt", [f"{i}: {name}" for i, name in enumerate(every, 1)])
    listed(tmp_path / "59_labels.txt", ["1: wall", "2: diningtable", "3: bedcloth", "4: clothes"])
    stored = label(3) % 7
    save(tmp_path / "trainval" / "one.mat", numbers("LabelMap", stored))
    text = f"'voc_dir': '{tmp_path}', 'context_dir': '{tmp_path}', 'split': 'val'"
    words = line("pascalcontext_layers", "PASCALContextSegDataLayer", text, 2)
    layer, bottom, top = build(words)
    layer.forward(bottom, top)
    assert (top[1].data[0, 0] == np.array([0, 0, 0, 3, 4, 2, 1])[stored]).all()
    listed(tmp_path / "59_labels.txt", ["1: sofa"])
    with pytest.raises(DataError, match="not in labels.txt .found sofa"):
        build(words)


@pytest.mark.parametrize("settings, kind, message", [
    ("'split': 'train'", ConfigError, "param_str must give voc_dir and mean"),
    ("'voc_dir': 'nowhere', " + SETTINGS % ("val", ""), NotFound,
     "no list of this split .found nowhere/ImageSets/Segmentation/val.txt.. Put the data set"),
])
def test_errors(settings, kind, message):
    with pytest.raises(kind, match=r"layer 'data' \(Python\).*" + message):
        build(line("voc_layers", "VOCSegDataLayer", settings, 2))


def test_a_picture_that_is_not_there(voc, tmp_path):
    (tmp_path / "voc" / "JPEGImages" / "one.jpg").unlink()
    with pytest.raises(NotFound, match=r"one.jpg.*there is no such picture"):
        build(line("voc_layers", "VOCSegDataLayer", voc % ("val", ""), 2))


def test_an_empty_list(voc, tmp_path):
    listed(tmp_path / "voc" / "ImageSets" / "Segmentation" / "val.txt", [])
    with pytest.raises(DataError, match="list of this split is empty"):
        build(line("voc_layers", "VOCSegDataLayer", voc % ("val", ""), 2))
