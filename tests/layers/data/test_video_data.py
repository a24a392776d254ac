import logging

import cv2
import numpy as np
import pytest
from support import build, parse

from caffepy.core import registry
from caffepy.data.batches import BatchMaker
from caffepy.data.course import Worker
from caffepy.data.video import Frames
from caffepy.errors import ConfigError, DataError, EndOfData, NotFound
from caffepy.proto import caffe_pb2
from caffepy.proto.caffe_pb2 import TEST, TRAIN

COUNT = 11


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Eleven frames of 32 x 48, each brighter by 20 than the one before."""
    path = str(tmp_path_factory.mktemp("film") / "film.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"MJPG"), 25, (48, 32))
    for i in range(COUNT):
        writer.write(np.full((32, 48, 3), 20 * i, np.uint8))
    writer.release()
    return path


def line(film, own="", transform="", batch=2, tops='top: "data" top: "label"'):
    return (f'type: "VideoData" {tops} video_data_param {{ video_type: VIDEO '
            f'video_file: "{film}" {own} }} data_param {{ batch_size: {batch} }} '
            f'transform_param {{ {transform} }}')


def forward(built):
    layer, bottom, top = built
    layer.forward(bottom, top)
    return [blob.data.copy() for blob in top]


def numbers(data):
    """Which frames these are."""
    return np.rint(data.mean((1, 2, 3)) / 20).astype(int).tolist()


def maker(film, own="", batch=2, phase=TRAIN, **options):
    worker = Worker(phase, **options)
    param = parse(line(film, own)).video_data_param
    records = Frames(param, caffe_pb2.TransformationParameter(), worker)
    return BatchMaker(records, worker, batch)


def test_frames_in_order_until_the_film_is_over(film, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("caffepy"), "propagate", True)
    caplog.set_level(logging.INFO, "caffepy")
    built = build(line(film))
    assert [blob.shape for blob in built[2]] == [(2, 3, 32, 48), (2,)]
    reader = cv2.VideoCapture(film)
    for first in range(0, COUNT - 1, 2):
        data, label = forward(built)
        for pixels in data:
            np.testing.assert_array_equal(pixels.transpose(1, 2, 0), reader.read()[1])
        assert numbers(data) == [first, first + 1] and label.tolist() == [0, 0]
    with pytest.raises(EndOfData, match=r"film.avi: the film is over, and there is no whole batch "
                                        r"left .found 11 frames with skip_frames: 0"):
        forward(built)
    assert "Finished processing video." in caplog.text
    built[0].close()


def test_of_so_many_frames_the_last(film):
    it = maker(film, "skip_frames: 2", batch=1)
    assert it.records == 3
    assert [numbers(it.next().data) for _ in range(3)] == [[2], [5], [8]]
    with pytest.raises(EndOfData):
        it.next()
    it.close()


def test_transformation(film):
    transform = ("resize_param { height: 20 width: 30 } crop_h: 10 crop_w: 12 mean_value: 5 "
                 "scale: 0.5")
    built = build(line(film, transform=transform, tops='top: "data"'), phase="TEST")
    (data,) = forward(built)
    assert data.shape == (2, 3, 10, 12)
    np.testing.assert_allclose(data[1], 0.5 * (20 - 5), atol=1.1)  # JPEG's rounding
    built[0].close()


def test_a_resumed_layer_goes_on_where_it_was(film):
    it = maker(film)
    it.seek(6)
    assert numbers(it.next().data) == [6, 7]
    it.seek(3)
    assert numbers(it.next().data) == [3, 4], "back, too"
    it.close()
    built = build(line(film))
    forward(built), forward(built)
    assert built[0].position == 4
    resumed = build(line(film))
    resumed[0].position = 4
    assert numbers(forward(resumed)[0]) == numbers(forward(built)[0]) == [4, 5]
    built[0].close(), resumed[0].close()


def test_workers_share_the_frames_in_training(film):
    for rank in range(2):
        it = maker(film, rank=rank, size=2)
        assert [numbers(it.next().data) for _ in range(2)] == [
            [rank, rank + 2], [rank + 4, rank + 6]]
        it = maker(film, rank=rank, size=2, phase=TEST)
        assert numbers(it.next().data) == [0, 1]


class Camera:
    """A stand-in for cv2's: frame i is i bright; of ten it gives no more."""

    opened = 0

    def __init__(self, device):
        assert device == 3
        Camera.opened += 1
        self.count = 0

    def isOpened(self):
        return True

    def grab(self):
        self.count += 1
        return self.count <= 10

    def read(self):
        return (True, np.full((4, 5, 3), 20 * (self.count - 1), np.uint8)) if self.grab() else (
            False, None)

    def release(self):
        pass


def test_a_camera(monkeypatch):
    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    built = build('type: "VideoData" top: "data" video_data_param { device_id: 3 skip_frames: 1 } '
                  'data_param { batch_size: 2 prefetch: 1 }')
    assert [numbers(forward(built)[0]) for _ in range(2)] == [[3, 5], [7, 9]], "one for the shape"
    with pytest.raises(DataError, match="camera 3: it gives no picture"):
        forward(built)
    assert Camera.opened == 1
    built[0].close()


@pytest.mark.parametrize("own, message", [
    ("video_type: VIDEO", "video_type: VIDEO needs a video_file"),
    ('video_type: VIDEO video_file: "nowhere.avi"', "nowhere.avi: there is no such video_file"),
    ('video_type: VIDEO video_file: "{}"', "no film that OpenCV can read.*MJPG in .avi"),
    ("device_id: 99", "camera 99: there is no such camera.*Set device_id"),
])
def test_what_cannot_be_opened(tmp_path, own, message, capfd):
    (tmp_path / "text.avi").write_text("no film")
    own = own.replace("{}", str(tmp_path / "text.avi"))
    with pytest.raises((ConfigError, NotFound, DataError),
                       match=r"layer 'layer' \(VideoData\).*" + message):
        build(f'type: "VideoData" video_data_param {{ {own} }} data_param {{ batch_size: 1 }}')


def test_it_needs_a_batch_size(film):
    with pytest.raises(ConfigError, match="data_param needs a batch_size"):
        build(line(film, batch=0))


def test_a_film_that_ends_before_it_says(film, monkeypatch, caplog):
    monkeypatch.setattr(logging.getLogger("caffepy"), "propagate", True)

    class Longer:
        def __init__(self, path):
            self._film = FILM(path)

        def __getattr__(self, name):
            return getattr(self._film, name)

        def get(self, what):
            return self._film.get(what) + 5

    FILM = cv2.VideoCapture
    monkeypatch.setattr(cv2, "VideoCapture", Longer)
    it = maker(film, batch=COUNT)
    assert len(it.next().data) == COUNT
    with pytest.raises(EndOfData, match="found 11 frames"):
        it.next()
    assert "it ends after 11 frames of 16 that it says it has" in caplog.text
    it.close()


@pytest.mark.parametrize("words", ["", "video_file: 'a'", "device_id: 1", "skip_frames: 1",
                                   "video_type: WEBCAM source: 'list'"])
def test_the_words_that_tell_it_from_others_of_its_name(words):
    spec = parse(f'type: "VideoData" video_data_param {{ {words} }}')
    assert registry.get("VideoData", spec).dialect == "ssd"
    kind = registry.get("VideoData", spec).cls
    for others in ('video_data_param { source: "list.txt" }', "video_data_param { modality: FLOW }",
                   'image_data_param { source: "list.txt" }'):
        assert not kind.speaks(parse(f'type: "VideoData" {others}'))
