"""Pictures that are shown to nets."""

import os
import struct
import sys
import threading
import zlib
from pathlib import Path

import board_files
import numpy as np
import pytest
import small_detector
from numpy.testing import assert_allclose

from caffepy.board.shelf import Shelf
from caffepy.board.tries import answering, given, maps, occlusion
from caffepy.board.tries.given import Pictures
from caffepy.board.tries.nets import Nets
from caffepy.board.working import Worker
from caffepy.classifier import Classifier
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.data.db import open_db
from caffepy.errors import ConfigError, DataError, NotFound
from caffepy.pictures import load_image
from caffepy.proto import caffe_pb2
from caffepy.services import means


def test_a_net_for_training_answers_with_its_own_preprocessing(folder):
    files = board_files.fill(folder)
    ready = Nets(Shelf([folder])).get(files["net"], files["weights"])
    assert ready.use.steps() == ["brought to 8 x 8 pixels", "gray from 0 to 255",
                                 "times 0.00390625"]
    assert not ready.use.guesses and ready.names == dict(enumerate(board_files.NAMES))
    for label in range(4):
        answer = answering.ask(ready, board_files.quarter(label))
        assert answer.kind == answering.CLASSES and answer.certain
        assert answer.classes[0].label == label
        assert answer.classes[0].name == board_files.NAMES[label]
        assert [one.score for one in answer.classes] == sorted(
            (one.score for one in answer.classes), reverse=True)
    assert_allclose(ready.input, board_files.quarter(3) / np.float32(256), rtol=1e-5)
    made = {one.blob: one for one in ready.maps()}
    assert "conv" not in made  # it does not lead to the answer
    assert made["prob"].values.shape == (4,) and made["data"].values.shape == (1, 8, 8)


def test_a_net_on_a_leveldb_answers_while_another_has_it(folder):
    files = board_files.fill(folder)
    held = board_files.database(folder / "held", board_files.records(9), "leveldb")
    path = board_files.write_net(folder, held, "LEVELDB", "held.prototxt")
    with open_db(str(held), "leveldb", "append"):
        ready = Nets(Shelf([folder])).get(path, files["weights"])
        assert ready.use.steps()[-1] == "times 0.00390625"
        best, *_ = answering.ask(ready, board_files.quarter(1)).classes
    assert (best.label, best.name) == (1, "upper right")


def test_the_same_is_said_as_by_classify(folder):
    """Of a coloured picture of another size, with a mean, cut from the middle."""
    path = folder / "deploy.prototxt"
    path.write_text("picture_param { height: 10 width: 12 mean_value: 104 mean_value: 117 "
                    "mean_value: 123 scale: 0.02 }"
                    'layer { name: "data" type: "Input" top: "data" input_param { '
                    "shape { dim: 7 dim: 3 dim: 8 dim: 8 } } }"
                    'layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" '
                    'inner_product_param { num_output: 6 weight_filler { type: "xavier" } } }')
    net = Net(str(path), caffe_pb2.TEST, context=Context(seed=1))
    net.save(str(folder / "w.caffemodel"))
    net.close()
    picture = np.random.default_rng(1).integers(0, 255, (3, 20, 30)).astype(np.uint8)
    (folder / "p.png").write_bytes(board_files.png(picture))
    ready = Nets(Shelf([folder])).get(path, folder / "w.caffemodel")
    theirs = Classifier(str(path), str(folder / "w.caffemodel"))
    for crops in (False, True):
        assert_allclose(ready.scores(picture, crops),
                        theirs.predict([load_image(str(folder / "p.png"))], crops)[0],
                        rtol=1e-4, atol=1e-5)
    answer = answering.ask(ready, picture)
    assert not answer.certain and max(one.share for one in answer.classes) <= 1
    assert "minus 104, 117, 123" in ready.use.steps()
    assert "the middle 8 x 8 of it" in ready.use.steps()


def test_a_detector_finds_boxes_and_guesses_are_said(folder, monkeypatch):
    monkeypatch.chdir(folder)
    small_detector.write()
    nets = Nets(Shelf([folder]))
    blue = given.decoded(Path("photos/sea.png").read_bytes())
    ready = nets.get(folder / "deploy.prototxt", folder / "w.caffemodel")
    found = answering.ask(ready, blue)
    assert found.kind == answering.BOXES
    assert found.objects[0].label == 1 and found.objects[0].score > 0.9
    assert (found.objects[0].left, found.objects[0].bottom) == (pytest.approx(0.25, abs=0.01),
                                                               pytest.approx(0.75, abs=0.01))
    bare = folder / "bare.prototxt"
    bare.write_text((folder / "deploy.prototxt").read_text().replace(
        small_detector.PICTURE_PARAM, ""))
    assert nets.get(bare, folder / "w.caffemodel").use.guesses
    said = nets.get(bare, folder / "w.caffemodel", "127.5", 0.0078)
    assert answering.ask(said, blue).objects[0] == found.objects[0]


def test_a_mean_picture_beside_the_net_is_found_and_none_outside(folder, tmp_path):
    path = folder / "deploy.prototxt"
    path.write_text('picture_param { mean_file: "mean.binaryproto" }'
                    'layer { name: "data" type: "Input" top: "data" input_param { '
                    "shape { dim: 1 dim: 1 dim: 8 dim: 8 } } }"
                    'layer { name: "double" type: "Power" bottom: "data" top: "double" '
                    "power_param { scale: 2 } }")
    means.write(str(folder / "mean.binaryproto"), np.full((1, 8, 8), 30, np.float32))
    weights = board_files.write_weights(folder)[0]
    ready = Nets(Shelf([folder])).get(path, weights)
    assert_allclose(ready.scores(np.full((1, 8, 8), 50, np.uint8)), np.full((1, 8, 8), 40),
                    rtol=1e-5)
    (folder / "mean.binaryproto").rename(tmp_path / "mean.binaryproto")
    (folder / "mean.binaryproto").symlink_to(tmp_path / "mean.binaryproto")
    with pytest.raises(NotFound, match="outside of the folders"):
        Nets(Shelf([folder])).get(path, weights)


def test_what_may_not_be_asked(folder, tmp_path):
    files = board_files.fill(folder)
    nets = Nets(Shelf([folder]))
    outside = board_files.database(tmp_path / "other_lmdb", board_files.records(3))
    path = board_files.write_net(folder, outside, name="out.prototxt")
    with pytest.raises(ConfigError, match="outside of the folders"):
        nets.get(path, files["weights"])
    (folder / "vast.prototxt").write_text(
        'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 '
        "dim: 20000 dim: 20000 } } } "
        'layer { name: "c" type: "Power" bottom: "data" top: "c" }')
    with pytest.raises(ConfigError, match="too large"):
        nets.get(folder / "vast.prototxt", files["weights"])


def png_of(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(
            ">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0,
                                                             0, 0))
            + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b""))


@pytest.mark.parametrize("data, said", [
    (b"", "no picture"), (b"<svg onload=alert(1)>", "no picture"), (b"II*\0" + b"\0" * 60,
                                                                  "no picture"),
    (png_of(60000, 60000), "too large"), (png_of(6000, 6000), "larger than its bytes"),
    (board_files.png(board_files.quarter(1))[:60], "cut short"),
    (b"BM" + b"\0" * 16 + struct.pack("<ii", 30000, -30000) + b"\0" * 30, "too large"),
    (b"\xff\xd8\xff\xe0" + b"\0" * 20, "no picture"),
])
def test_what_is_no_picture_or_too_large_is_a_plain_message(data, said):
    with pytest.raises(DataError, match=said):
        given.decoded(data, "x.png")


def test_pictures_are_kept_a_while(monkeypatch):
    monkeypatch.setattr(given, "KEPT", 2)
    pictures = Pictures()
    data = board_files.png(board_files.quarter(1))
    keys = [pictures.add(f"{i}.png", data).key for i in range(3)]
    assert pictures.get(keys[2]).name == "2.png" and pictures.get(keys[2]).shape == (8, 8)
    with pytest.raises(NotFound, match="not kept"):
        pictures.get(keys[0])


def test_occlusion_finds_what_the_score_goes_by():
    values = np.zeros((1, 24, 36), np.float32)
    values[0, 4:6, 27:30] = 9  # all that counts

    def score(x):
        return float(x[0, 4:6, 27:30].sum())

    found = occlusion.occlusion(score, values, places=12, share=0.2)
    row, column = np.unravel_index(found.falls.argmax(), found.falls.shape)
    assert (row, column) in {(1, 9), (2, 9), (1, 8), (2, 8)}
    assert found.before == 54 and found.lowest < 3 and found.square == (5, 7)
    assert (found.falls[6:] == 0).all() and (found.falls[:, :5] == 0).all()
    made = occlusion.heat(found.falls, 48, 72)
    assert made.shape == (48, 72, 4) and made[40:, :, 3].max() == 0 < made[8, 57, 3]


def test_feature_maps_as_pictures():
    values = np.stack([np.full((3, 3), level) for level in (-5.0, 0.0, 5.0)])
    made = maps.picture(values)
    assert made.shape == (1 + 2 * 4, 1 + 2 * 4)
    assert made[2, 2] == 0 and made[2, 6] == 128 and made[6, 2] == 255
    assert maps.picture(np.zeros(500)).shape == (22, 23)
    assert maps.picture(np.zeros(10)).shape == (1, 10)
    assert maps.picture(np.zeros(())).shape == (1, 1)


def test_answers_that_are_pictures_or_numbers():
    scores = np.zeros((3, 4, 4))
    scores[2, :2] = 1
    found = answering.of_output(scores, {2: "sky"})
    assert found.kind == answering.LABELS and found.picture.shape == (4, 4, 3)
    assert sorted(found.labels) == [(0, "0", 0.5), (2, "sky", 0.5)]
    assert answering.of_output(np.ones((1, 4, 4)), {}).picture.shape[:2] >= (4, 4)
    assert answering.of_output(np.array([2.5]), {}).numbers == (2.5,)


def test_the_worker_runs_one_at_a_time_and_hands_errors_on():
    worker = Worker()
    assert worker.run(lambda: 3) == 3
    with pytest.raises(NotFound):
        worker.run(lambda: Pictures().get("gone"))
    assert len({worker.run(threading.get_ident) for _ in range(3)}) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no priorities")
def test_the_worker_is_last_in_line():
    def priority():
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert Worker().run(priority) == 19 > priority() or priority() == 19
