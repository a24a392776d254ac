import cv2
import numpy as np
import pytest
from paired import (
    COUNT,
    SIZE,
    check_resumed,
    check_threads,
    forward,
    places,
    source,
    stand_ins,
    write,
)
from support import build

from caffepy.data.labelmaps import Labelmaps
from caffepy.errors import ConfigError, NotFound, ShapeError
from caffepy.proto.caffe_pb2 import TEST

HEIGHT, WIDTH = SIZE


@pytest.fixture
def pictures(tmp_path):
    return write(tmp_path, most=256)


def line(folder, param="batch_size: 3", transform="", tops='top: "data" top: "label"'):
    return (f'type: "ImageLabelmapData" {tops} image_data_param {{ source: "{folder}/list.txt" '
            f'root_folder: "{folder}/" {param} }} transform_param {{ {transform} }}')


def maker(folder, param="", transform="", **options):
    return source(Labelmaps, "ImageDataParameter", folder, param, transform, **options)


@pytest.mark.parametrize("words, labels", [
    ("", lambda map: (map >= 128) * 1.0),
    ("normalize: true", lambda map: np.rint(map / 255)),
    ("normalize: false", lambda map: map),
    ("soft_labels: true", lambda map: map / 255),
])
def test_pictures_and_maps(tmp_path, pictures, words, labels):
    built = build(line(tmp_path, f"batch_size: 3 {words}", "mean_value: 7 scale: 0.5"))
    assert [blob.shape for blob in built[2]] == [(3, 3, HEIGHT, WIDTH), (3, 1, HEIGHT, WIDTH)]
    for start in (0, 3):
        index = (np.arange(3) + start) % COUNT
        data, label = forward(built)
        np.testing.assert_allclose(data, (pictures[index] - 7.0) * 0.5)
        np.testing.assert_allclose(label, labels(pictures[index, :1]), rtol=1e-6)
    built[0].close()


def test_what_is_rounded_up(tmp_path, pictures):
    """As OpenCV rounds a 255th."""
    cv2.imwrite(str(tmp_path / "labels0.png"), np.resize([0, 127, 128, 255], SIZE).astype(np.uint8))
    label = maker(tmp_path).next().rest[0]
    np.testing.assert_array_equal(label[0, 0], np.resize([0, 0, 1, 1], SIZE))


def test_labels_are_where_their_pixels_are(tmp_path, pictures):
    it = maker(tmp_path, "batch_size: 5 normalize: false", "crop_size: 4 mirror: true", seed=4)
    seen = set()
    for _ in range(30):
        batch = it.next()
        np.testing.assert_array_equal(batch.rest[0], batch.data[:, :1])
        seen |= {place for window, picture in zip(batch.data, pictures, strict=True)
                 for place in places(window, picture)}
    assert {top for top, _, _ in seen} == set(range(4))
    assert {left for _, left, _ in seen} == set(range(3))
    assert {flip for _, _, flip in seen} == {False, True}
    batch = maker(tmp_path, "normalize: false", "crop_size: 4", phase=TEST).next()
    np.testing.assert_array_equal(batch.rest[0], pictures[:1, :1, 1:5, 1:5])


def test_resized_as_pictures_are(tmp_path, pictures):
    batch = maker(tmp_path, "batch_size: 2 new_height: 12 new_width: 5").next()
    picture = np.ascontiguousarray(pictures[1].transpose(1, 2, 0))
    np.testing.assert_array_equal(batch.data[1].transpose(1, 2, 0), cv2.resize(picture, (5, 12)))
    labels = cv2.resize(np.ascontiguousarray(picture[..., 0]), (5, 12))
    np.testing.assert_array_equal(batch.rest[0][1, 0], labels >= 128)


def test_resumed(tmp_path, pictures):
    check_resumed(lambda: build(line(tmp_path, "batch_size: 3 shuffle: true rand_skip: 4",
                                     "crop_size: 4 mirror: true")))


def test_threads(tmp_path, pictures):
    check_threads(lambda threads: maker(tmp_path, "batch_size: 4 shuffle: true",
                                        "crop_size: 4 mirror: true", threads=threads, seed=3))


def test_files_that_do_not_fit(tmp_path, pictures):
    (tmp_path / "labels1.png").unlink()
    cv2.imwrite(str(tmp_path / "labels2.png"), np.zeros((HEIGHT, WIDTH + 1), np.uint8))
    it = maker(tmp_path, "new_height: 4 new_width: 4")
    it.next()
    with pytest.raises(NotFound, match=r"list.txt:2, .*labels1.png: there is no such picture"):
        it.next()
    it.seek(2)
    with pytest.raises(ShapeError, match="list.txt:3: picture and labels must have one size"):
        it.next()


def test_settings_that_exclude_each_other(tmp_path, pictures):
    with pytest.raises(ConfigError, match="soft_labels and normalize: false exclude each other"):
        build(line(tmp_path, "batch_size: 1 normalize: false soft_labels: true"))


def test_what_stands_in_where_the_list_is_not_there(tmp_path):
    assert stand_ins(line(tmp_path, transform="crop_size: 5")) == [[3, 3, 5, 5], [3, 1, 5, 5]]
    sized = "batch_size: 3 is_color: false new_height: 4 new_width: 6"
    assert stand_ins(line(tmp_path, sized)) == [[3, 1, 4, 6], [3, 1, 4, 6]]
