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

from caffepy.data.dense_pairs import DensePairs
from caffepy.errors import ConfigError, DataError, NotFound, ShapeError
from caffepy.proto import wire
from caffepy.proto.caffe_pb2 import TEST

HEIGHT, WIDTH = SIZE


@pytest.fixture
def pictures(tmp_path):
    return write(tmp_path)


def line(folder, param="batch_size: 3", transform="", tops='top: "data" top: "label"'):
    return (f'type: "DenseImageData" {tops} dense_image_data_param {{ '
            f'source: "{folder}/list.txt" root_folder: "{folder}/" {param} }} '
            f'transform_param {{ {transform} }}')


def maker(folder, param="", transform="", **options):
    return source(DensePairs, "DenseImageDataParameter", folder, param, transform, **options)


def test_pictures_and_labels(tmp_path, pictures):
    built = build(line(tmp_path, transform="scale: 0.5 mean_value: 1 mean_value: 2 mean_value: 3"))
    assert [blob.shape for blob in built[2]] == [(3, 3, HEIGHT, WIDTH), (3, 1, HEIGHT, WIDTH)]
    for start in (0, 3):
        index = (np.arange(3) + start) % COUNT
        data, label = forward(built)
        mean = np.array([1, 2, 3])[:, None, None]
        np.testing.assert_allclose(data, (pictures[index] - mean) * 0.5)
        np.testing.assert_array_equal(label, pictures[index, :1])
    built[0].close()
    built = build(line(tmp_path, tops='top: "data"'))
    np.testing.assert_array_equal(forward(built)[0], pictures[:3])
    built[0].close()


def test_gray(tmp_path, pictures):
    built = build(line(tmp_path, "batch_size: 1 is_color: false"))
    data, label = forward(built)
    np.testing.assert_array_equal(data[0, 0], cv2.imread(str(tmp_path / "0.png"), 0))
    np.testing.assert_array_equal(label, pictures[:1, :1])
    built[0].close()


@pytest.mark.parametrize("param, transform", [
    ("crop_height: 3 crop_width: 4 mirror: true", ""),
    ("", "crop_size: 4 mirror: true"),
    ("crop_height: 5 crop_width: 5", "crop_size: 4 mirror: true"),
])
def test_labels_are_where_their_pixels_are(tmp_path, pictures, param, transform):
    it = maker(tmp_path, f"batch_size: 5 {param}", transform, seed=4)
    seen = set()
    for _ in range(30):
        batch = it.next()
        np.testing.assert_array_equal(batch.rest[0], batch.data[:, :1])
        seen |= {place for window, picture in zip(batch.data, pictures, strict=True)
                 for place in places(window, picture)}
    height, width = batch.data.shape[2:]
    assert {top for top, _, _ in seen} == set(range(HEIGHT - height + 1))
    assert {left for _, left, _ in seen} == set(range(WIDTH - width + 1))
    assert {flip for _, _, flip in seen} == {False, True}


def test_in_test_its_own_crop_is_at_random_and_the_usual_one_in_the_middle(tmp_path, pictures):
    it = maker(tmp_path, "batch_size: 5 crop_height: 4 crop_width: 4", phase=TEST)
    assert len({place for _ in range(5) for window, picture in zip(
        it.next().data, pictures, strict=True) for place in places(window, picture)}) > 5
    batch = maker(tmp_path, "batch_size: 5", "crop_size: 4", phase=TEST).next()
    np.testing.assert_array_equal(batch.data, pictures[:, :, 1:5, 1:5])
    np.testing.assert_array_equal(batch.rest[0], pictures[:, :1, 1:5, 1:5])


def test_a_mean_picture_is_read_where_the_crop_is(tmp_path, pictures):
    mean = np.random.default_rng(5).random((1, 3, *SIZE), np.float32)
    wire.write_blob(str(tmp_path / "mean.binaryproto"), mean)
    it = maker(tmp_path, "batch_size: 5",
               f'crop_size: 4 mean_file: "{tmp_path}/mean.binaryproto"', phase=TEST)
    batch = it.next()
    np.testing.assert_allclose(batch.data, (pictures - mean)[:, :, 1:5, 1:5], rtol=1e-6)
    np.testing.assert_array_equal(batch.rest[0], pictures[:, :1, 1:5, 1:5])


def test_resized_labels_are_those_of_the_nearest_pixels(tmp_path, pictures):
    batch = maker(tmp_path, "batch_size: 2 new_height: 12 new_width: 5").next()
    picture = np.ascontiguousarray(pictures[1].transpose(1, 2, 0))
    np.testing.assert_array_equal(batch.data[1].transpose(1, 2, 0), cv2.resize(picture, (5, 12)))
    np.testing.assert_array_equal(batch.rest[0][1, 0], cv2.resize(
        np.ascontiguousarray(picture[..., 0]), (5, 12), interpolation=cv2.INTER_NEAREST))


def test_smaller_labels_and_folders_of_their_own(tmp_path, pictures):
    for name in ("pictures", "labels"):
        (tmp_path / name).mkdir()
    for i in range(COUNT):
        (tmp_path / f"{i}.png").rename(tmp_path / "pictures" / f"{i}.png")
        (tmp_path / f"labels{i}.png").rename(tmp_path / "labels" / f"labels{i}.png")
    folders = (f'root_folder_image: "{tmp_path}/pictures/" '
               f'root_folder_label: "{tmp_path}/labels/" label_divide_factor: 3')
    batch = maker(tmp_path, f"batch_size: 2 new_height: 12 new_width: 8 {folders}",
                  "mirror: true", seed=1).next()
    assert [batch.data.shape, batch.rest[0].shape] == [(2, 3, 12, 8), (2, 1, 4, 2)]
    labels = cv2.resize(pictures[0, 0], (2, 4), interpolation=cv2.INTER_NEAREST)
    whole = cv2.resize(np.ascontiguousarray(pictures[0].transpose(1, 2, 0)), (8, 12))
    flip = not np.array_equal(batch.data[0].transpose(1, 2, 0), whole)
    np.testing.assert_array_equal(batch.rest[0][0, 0], labels[:, ::-1] if flip else labels)
    with pytest.raises(ShapeError, match="label_divide_factor 3 .*labels of 7 x 6; allowed: 2 x 2"):
        maker(tmp_path, folders)


@pytest.mark.parametrize("param, transform", [
    ("", ""), ("crop_height: 3 crop_width: 4 mirror: true", ""), ("", "crop_size: 4 mirror: true")])
def test_resumed(tmp_path, pictures, param, transform):
    words = f"batch_size: 3 shuffle: true rand_skip: 4 {param}"
    check_resumed(lambda: build(line(tmp_path, words, transform)))


def test_threads(tmp_path, pictures):
    check_threads(lambda threads: maker(
        tmp_path, "batch_size: 4 shuffle: true crop_height: 5 crop_width: 5 mirror: true",
        "crop_size: 4 mirror: true", threads=threads, seed=3))


def test_files_that_do_not_fit(tmp_path, pictures):
    (tmp_path / "labels1.png").unlink()
    cv2.imwrite(str(tmp_path / "labels2.png"), np.zeros((HEIGHT, WIDTH + 1), np.uint8))
    (tmp_path / "labels3.png").write_bytes(b"no picture")
    it = maker(tmp_path, "batch_size: 1")
    it.next()
    with pytest.raises(NotFound, match=r"list.txt:2, .*labels1.png: there is no such picture"):
        it.next()
    it.seek(2)
    with pytest.raises(ShapeError, match="list.txt:3: picture and labels must have one size"):
        it.next()
    it.seek(3)
    with pytest.raises(DataError, match="list.txt:4, .*labels3.png: not a picture"):
        it.next()


@pytest.mark.parametrize("words, transform, kind, said", [
    ("crop_height: 3", "", ConfigError, "crop_height and crop_width must be given both"),
    ("label_divide_factor: 2 crop_height: 3 crop_width: 3", "", ConfigError, "are not cropped"),
    ("label_divide_factor: 2", "crop_size: 3", ConfigError, "are not cropped"),
    ("crop_height: 8 crop_width: 3", "", ShapeError,
     "list.txt:1: the picture is smaller than crop_height x crop_width .found 7 x 6"),
    ("", "crop_size: 7", ShapeError, r"list.txt:1 \(0.png\): the picture is smaller than crop"),
])
def test_settings_that_cannot_be(tmp_path, pictures, words, transform, kind, said):
    with pytest.raises(kind, match=said):
        build(line(tmp_path, f"batch_size: 1 {words}", transform))


@pytest.mark.parametrize("param, label", [
    ("crop_height: 4 crop_width: 6", [4, 6]),
    ("new_height: 4 new_width: 6 label_divide_factor: 2", [2, 3])])
def test_what_stands_in_where_the_list_is_not_there(tmp_path, param, label):
    assert stand_ins(line(tmp_path, f"batch_size: 2 {param}")) == [[2, 3, 4, 6], [2, 1, *label]]
