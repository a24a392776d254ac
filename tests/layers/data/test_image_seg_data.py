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

from caffepy.data.seg_pairs import SegPairs
from caffepy.errors import ConfigError, DataError, NotFound, ShapeError
from caffepy.proto.caffe_pb2 import TEST

HEIGHT, WIDTH = SIZE
PIXEL = "label_type: PIXEL"


@pytest.fixture
def pictures(tmp_path):
    return write(tmp_path)


def line(folder, param=f"{PIXEL} batch_size: 3", transform="",
         tops='top: "data" top: "label" top: "size"'):
    return (f'type: "ImageSegData" {tops} image_data_param {{ source: "{folder}/list.txt" '
            f'root_folder: "{folder}/" {param} }} transform_param {{ {transform} }}')


def maker(folder, param="", transform="", **options):
    return source(SegPairs, "ImageDataParameter", folder, f"{PIXEL} {param}", transform, **options)


def test_pictures_labels_and_sizes(tmp_path, pictures):
    built = build(line(tmp_path, transform="scale: 0.5 mean_value: 1 mean_value: 2 mean_value: 3"))
    assert [blob.shape for blob in built[2]] == [
        (3, 3, HEIGHT, WIDTH), (3, 1, HEIGHT, WIDTH), (3, 1, 1, 2)]
    for start in (0, 3):
        index = (np.arange(3) + start) % COUNT
        data, label, size = forward(built)
        mean = np.array([1, 2, 3])[:, None, None]
        np.testing.assert_allclose(data, (pictures[index] - mean) * 0.5)
        np.testing.assert_array_equal(label, pictures[index, :1])
        np.testing.assert_array_equal(size, np.tile([HEIGHT, WIDTH], (3, 1, 1, 1)))
    built[0].close()


@pytest.mark.parametrize("tops, count", [('top: "data"', 1), ('top: "data" top: "label"', 2)])
def test_the_last_tops_may_be_left_out(tmp_path, pictures, tops, count):
    built = build(line(tmp_path, tops=tops))
    assert len(forward(built)) == count
    built[0].close()


@pytest.mark.parametrize("words, lines, expected", [
    ("", "{}.png 7\n", 7), ("label_type: IMAGE", "{}.png 0\n", 0),
    ("label_type: NONE", "{}.png\n", 255), ("label_type: NONE ignore_label: 9", "{}.png 3\n", 9),
])
def test_one_label_for_all_pixels(tmp_path, pictures, words, lines, expected):
    (tmp_path / "list.txt").write_text("".join(lines.format(i) for i in range(COUNT)))
    built = build(line(tmp_path, f"batch_size: 2 {words}"))
    data, label, _ = forward(built)
    np.testing.assert_array_equal(data, pictures[:2])
    np.testing.assert_array_equal(label, np.full((2, 1, HEIGHT, WIDTH), expected))
    built[0].close()


def test_labels_are_where_their_pixels_are(tmp_path, pictures):
    it = maker(tmp_path, "batch_size: 5", "crop_height: 3 crop_width: 2 mirror: true", seed=4)
    seen = set()
    for _ in range(30):
        batch = it.next()
        assert batch.data.shape == (5, 3, 3, 2)
        np.testing.assert_array_equal(batch.rest[0], batch.data[:, :1])
        for window, picture in zip(batch.data, pictures, strict=True):
            (place,) = places(window, picture)
            seen.add(place)
        np.testing.assert_array_equal(batch.rest[1][:, 0, 0], [[3, 2]] * 5)
    assert {top for top, _, _ in seen} == set(range(5))
    assert {left for _, left, _ in seen} == set(range(5))
    assert {flip for _, _, flip in seen} == {False, True}


def test_the_middle_in_test(tmp_path, pictures):
    batch = maker(tmp_path, "batch_size: 5", "crop_size: 4", phase=TEST).next()
    np.testing.assert_array_equal(batch.data, pictures[:, :, 1:5, 1:5])
    np.testing.assert_array_equal(batch.rest[0], pictures[:, :1, 1:5, 1:5])


def test_scaled_by_one_of_the_factors(tmp_path, pictures):
    it = maker(tmp_path, "batch_size: 1",
               "scale_factors: 0.5 scale_factors: 1 scale_factors: 1.5", seed=2)
    found = set()
    for turn in range(40):
        batch = it.next()
        picture = pictures[turn % COUNT].transpose(1, 2, 0)
        height, width = batch.data.shape[2:]
        found.add((height, width))
        expected = picture if (height, width) == SIZE else cv2.resize(picture, (width, height))
        np.testing.assert_array_equal(batch.data[0].transpose(1, 2, 0), expected)
        labels = cv2.resize(np.ascontiguousarray(picture[..., 0]), (width, height),
                            interpolation=cv2.INTER_NEAREST)
        np.testing.assert_array_equal(batch.rest[0][0, 0], labels)
        np.testing.assert_array_equal(batch.rest[1][0, 0, 0], np.minimum(SIZE, (height, width)))
    assert found == {(3, 3), SIZE, (10, 9)}, "cut to whole numbers"


def test_padded_with_the_mean_below_and_to_the_right(tmp_path, pictures):
    built = build(line(tmp_path, f"{PIXEL} batch_size: 2 ignore_label: 99",
                       "crop_size: 8 scale: 2 mean_value: 10.5 mean_value: 20 mean_value: 30"),
                  phase="TEST")
    data, label, size = forward(built)
    inside = (pictures[:2] - np.array([10.5, 20, 30])[:, None, None]) * 2
    np.testing.assert_array_equal(data[:, :, :HEIGHT, :WIDTH], inside)
    assert not data[:, :, HEIGHT:].any() and not data[:, :, :, WIDTH:].any()
    np.testing.assert_array_equal(label[:, :, :HEIGHT, :WIDTH], pictures[:2, :1])
    assert (label[:, :, HEIGHT:] == 99).all() and (label[:, :, :, WIDTH:] == 99).all()
    np.testing.assert_array_equal(size[:, 0, 0], [SIZE, SIZE])
    built[0].close()


def test_padded_and_cropped(tmp_path, pictures):
    """A picture that is too small in one direction alone."""
    batch = maker(tmp_path, "batch_size: 5", "crop_height: 4 crop_width: 8 mean_value: 7",
                  phase=TEST).next()
    np.testing.assert_array_equal(batch.data[..., :WIDTH] + 7, pictures[:, :, 1:5])
    assert not batch.data[..., WIDTH:].any() and (batch.rest[0][..., WIDTH:] == 255).all()
    np.testing.assert_array_equal(batch.rest[1][:, 0, 0], [[4, WIDTH]] * 5)


def test_without_a_mean_padding_is_zero(tmp_path, pictures):
    batch = maker(tmp_path, "batch_size: 2 is_color: false", "crop_size: 8", phase=TEST).next()
    assert batch.data.shape == (2, 1, 8, 8) and not batch.data[:, :, HEIGHT:].any()


def test_resized(tmp_path, pictures):
    """Labels are of the nearest pixels: no class is made that was not there."""
    batch = maker(tmp_path, "batch_size: 2 new_height: 12 new_width: 5").next()
    picture = np.ascontiguousarray(pictures[1].transpose(1, 2, 0))
    np.testing.assert_array_equal(batch.data[1].transpose(1, 2, 0), cv2.resize(picture, (5, 12)))
    assert set(np.unique(batch.rest[0])) <= set(np.unique(pictures[:, 0]))
    np.testing.assert_array_equal(batch.rest[1][:, 0, 0], [[12, 5]] * 2)


@pytest.mark.parametrize("transform", [
    "", "crop_size: 4 mirror: true scale_factors: 0.8 scale_factors: 1.3"])
def test_resumed(tmp_path, pictures, transform):
    words = f"{PIXEL} batch_size: 3 shuffle: true rand_skip: 4"
    check_resumed(lambda: build(line(tmp_path, words, transform)))


def test_threads(tmp_path, pictures):
    check_threads(lambda threads: maker(
        tmp_path, "batch_size: 4 shuffle: true", "crop_size: 5 mirror: true scale_factors: 0.7 "
        "scale_factors: 1.2", threads=threads, seed=3))


def test_workers_share_the_list(tmp_path, pictures):
    rule = "crop_size: 3 mirror: true scale_factors: 0.7 scale_factors: 1.2"
    one = maker(tmp_path, "batch_size: 6", rule, seed=2).next()
    for rank in range(2):
        part = maker(tmp_path, "batch_size: 3", rule, seed=2, rank=rank, size=2).next()
        np.testing.assert_array_equal(part.data, one.data[rank::2])
        np.testing.assert_array_equal(part.rest[0], one.rest[0][rank::2])


def test_files_that_do_not_fit(tmp_path, pictures):
    (tmp_path / "labels1.png").unlink()
    cv2.imwrite(str(tmp_path / "labels2.png"), np.zeros((HEIGHT, WIDTH + 1), np.uint8))
    (tmp_path / "3.png").write_bytes(b"no picture")
    it = maker(tmp_path, "batch_size: 1")
    it.next()
    with pytest.raises(NotFound, match=r"list.txt:2, .*labels1.png: there is no such picture"):
        it.next()
    it.seek(2)
    with pytest.raises(ShapeError, match=r"list.txt:3: picture and labels must have one size "
                                         r"\(found a picture of 7 x 6, labels of 7 x 7\)"):
        it.next()
    it.seek(3)
    with pytest.raises(DataError, match=r"list.txt:4, .*3.png: not a picture"):
        it.next()


@pytest.mark.parametrize("content, words, said", [
    ("0.png labels0.png\n1.png\n", PIXEL, r"list.txt:2: the line has too few words .found 1.png; "
                                          r"allowed: `picture label_picture`"),
    ("0.png\n", "", "list.txt:1: .*`picture label`"),
    ("0.png x\n", "", "list.txt:1, 0.png: the label of a picture must be a whole number"),
    ("0.png 256\n", "", "does not fit a picture of labels .found 256; allowed: 0 to 255"),
    ("0.png -1\n", "", "does not fit a picture of labels .found -1"),
    ("\n\n", PIXEL, "list.txt: the list is empty"),
])
def test_lists_that_cannot_be(tmp_path, pictures, content, words, said):
    (tmp_path / "list.txt").write_text(content)
    with pytest.raises(DataError, match=said):
        build(line(tmp_path, words))


@pytest.mark.parametrize("words, transform, said", [
    (PIXEL, 'mean_file: "mean.binaryproto"', "ImageSegData has no mean_file"),
    (PIXEL, "crop_height: 3", "the crop must be said in one way"),
    (PIXEL, "crop_size: 2 crop_height: 3 crop_width: 4", "the crop must be said in one way"),
    (PIXEL, "scale_factors: 0", "scale_factors must be above 0"),
    (f"{PIXEL} new_width: 4", "", "new_height and new_width must be given both"),
    (f"{PIXEL} ignore_label: 256", "", "ignore_label must be a label"),
    (f"{PIXEL} batch_size: 0", "", "needs a batch_size"),
])
def test_settings_that_cannot_be(tmp_path, pictures, words, transform, said):
    with pytest.raises(ConfigError, match=said):
        build(line(tmp_path, words, transform))


def test_no_list(tmp_path):
    with pytest.raises(NotFound, match=r"list.txt: there is no such list"):
        build(line(tmp_path))
    with pytest.raises(ConfigError, match="needs a source"):
        build('type: "ImageSegData" image_data_param { }')


def test_nothing_left_at_a_small_scale(tmp_path, pictures):
    with pytest.raises(ShapeError, match="nothing of the picture is left"):
        maker(tmp_path, "", "scale_factors: 0.1")


@pytest.mark.parametrize("param, transform, size", [
    ("", "crop_size: 9", [9, 9]), ("", "crop_height: 4 crop_width: 5", [4, 5]),
    ("new_height: 6 new_width: 7", "", [6, 7])])
def test_what_stands_in_where_the_list_is_not_there(tmp_path, param, transform, size):
    assert stand_ins(line(tmp_path, f"batch_size: 2 {param}", transform)) == [
        [2, 3, *size], [2, 1, *size], [2, 1, 1, 2]]
