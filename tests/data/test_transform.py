import numpy as np
import pytest
from google.protobuf import text_format

from caffepy.data.transform import Transformer, draws, read_mean, stream_key
from caffepy.errors import ConfigError, DataError, NotFound, ShapeError
from caffepy.proto import caffe_pb2
from caffepy.proto.caffe_pb2 import TEST, TRAIN
from caffepy.proto.varint import FIXED32, LENGTH, VARINT, key, varint

RNG = np.random.default_rng(1701)
PICTURES = [RNG.integers(0, 256, (3, 9, 11), np.uint8) for _ in range(40)]


def transformer(text="", phase=TRAIN, seed=1, stream="data"):
    param = text_format.Parse(text, caffe_pb2.TransformationParameter())
    return Transformer(param, phase, seed, stream)


def run(it, pictures=PICTURES, first=0, step=1):
    out = np.full((len(pictures), *it.output_shape(*pictures[0].shape)), np.nan, np.float32)
    it.batch(pictures, first, out, step)
    return out


def mean_file(tmp_path, array, legacy=True):
    blob = caffe_pb2.BlobProto(data=array.ravel().tolist())
    if legacy:
        blob.num, (blob.channels, blob.height, blob.width) = 1, array.shape
    else:
        blob.shape.dim.extend(array.shape)
    path = tmp_path / "mean.binaryproto"
    path.write_bytes(blob.SerializeToString())
    return str(path)


def places(got, picture):
    """Where, and mirrored or not, the crop ``got`` lies in the picture."""
    size = got.shape[-1]
    return [
        (top, left, flip)
        for top in range(picture.shape[1] - size + 1)
        for left in range(picture.shape[2] - size + 1)
        for flip in (False, True)
        if np.array_equal(
            got[:, :, ::-1] if flip else got, picture[:, top : top + size, left : left + size]
        )
    ]


def test_nothing_asked_nothing_done():
    np.testing.assert_array_equal(run(transformer()), PICTURES)


def test_scale_and_mean_values():
    it = transformer("scale: 0.5 mean_value: 10 mean_value: 20 mean_value: 30")
    expected = (np.stack(PICTURES) - np.float32([[[10]], [[20]], [[30]]])) * np.float32(0.5)
    np.testing.assert_array_equal(run(it), expected)
    one = run(transformer("mean_value: 7"))
    np.testing.assert_array_equal(one, np.stack(PICTURES) - np.float32(7))


def test_float_pictures():
    pictures = [RNG.normal(size=(2, 3, 3)).astype(np.float32)]
    np.testing.assert_array_equal(run(transformer("scale: 2"), pictures)[0], pictures[0] * 2)


@pytest.mark.parametrize("legacy", [True, False])
def test_the_mean_file_is_read_at_the_place_of_the_crop(tmp_path, legacy):
    mean = RNG.normal(100, 30, (3, 9, 11)).astype(np.float32)
    path = mean_file(tmp_path, mean, legacy)
    np.testing.assert_array_equal(read_mean(path), mean)
    crop = run(transformer("crop_size: 5 mirror: true"))
    got = run(transformer(f'crop_size: 5 mirror: true mean_file: "{path}" scale: 2'))
    for plain, less, picture in zip(crop, got, PICTURES, strict=True):
        ((top, left, flip),) = places(plain, picture)
        expected = (picture - mean)[:, top : top + 5, left : left + 5] * 2
        np.testing.assert_array_equal(less, expected[:, :, ::-1] if flip else expected)


def test_the_crop_is_the_middle_in_test_and_anywhere_in_train():
    for got, picture in zip(run(transformer("crop_size: 6", TEST)), PICTURES, strict=True):
        np.testing.assert_array_equal(got, picture[:, 1:7, 2:8])
    seen = {places(got, picture)[0] for got, picture in
            zip(run(transformer("crop_size: 7"), PICTURES * 10), PICTURES * 10, strict=True)}
    assert seen == {(top, left, False) for top in range(3) for left in range(5)}


@pytest.mark.parametrize("phase", [TRAIN, TEST])
def test_about_half_are_mirrored_in_test_too(phase):
    got = run(transformer("mirror: true", phase))
    flips = [np.array_equal(g[:, :, ::-1], p) for g, p in zip(got, PICTURES, strict=True)]
    plain = [np.array_equal(g, p) for g, p in zip(got, PICTURES, strict=True)]
    assert all(a != b for a, b in zip(flips, plain, strict=True))
    assert 10 < sum(flips) < 30


def test_draws_depend_on_seed_stream_and_record_alone():
    text = "crop_size: 4 mirror: true"
    whole = run(transformer(text))
    parts = [run(transformer(text), PICTURES[i : i + 7], first=i) for i in range(0, 40, 7)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    np.testing.assert_array_equal(run(transformer(text), PICTURES[1::3], 1, step=3), whole[1::3])
    assert not np.array_equal(run(transformer(text, seed=2)), whole)
    assert not np.array_equal(run(transformer(text, stream="other")), whole)


def test_splitmix_is_the_published_one():
    # the first outputs of SplitMix64 from the state 1234567, their upper halves
    known = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    got = draws(1234567, np.arange(3), 1 << 32)
    assert got.tolist() == [number >> 32 for number in known]


def test_draws_are_even():
    got = draws(stream_key(5, "x"), np.arange(60000), 6)
    counts = np.bincount(got, minlength=6)
    assert len(counts) == 6
    # six sigma of a binomial with n = 60000, p = 1/6
    assert abs(counts - 10000).max() < 6 * np.sqrt(60000 * 5 / 36)
    pairs = np.bincount(got[:-1] * 6 + got[1:], minlength=36)
    assert abs(pairs - 60000 / 36).max() < 6 * np.sqrt(60000 / 36)


def test_with_a_crop_pictures_may_differ_in_size():
    sizes = [(9, 11), (5, 5), (20, 6)]
    pictures = [RNG.integers(0, 256, (3, *size), np.uint8) for size in sizes]
    got = run(transformer("crop_size: 5", TEST), pictures)
    for one, picture in zip(got, pictures, strict=True):
        assert places(one, picture)
    np.testing.assert_array_equal(got[2], pictures[2][:, 7:12, :5])


def decoded(channels, height, width):
    """A picture as OpenCV hands it out: colours innermost."""
    return RNG.integers(0, 256, (height, width, channels), np.uint8).transpose(2, 0, 1)


@pytest.mark.parametrize("make", [
    lambda *size: RNG.integers(0, 256, size, np.uint8), decoded,
    lambda *size: RNG.normal(size=size).astype(np.float32),
    lambda *size: RNG.integers(0, 256, (*size[:2], 2 * size[2]), np.uint8)[:, :, ::2],
], ids=["plain", "decoded", "float", "strided"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("crop", [0, 8, 1])
@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("with_mean", [False, True])
def test_every_way_gives_the_plain_formula_to_the_bit(
    tmp_path, make, channels, crop, mirror, with_mean
):
    height, width = (9, 11) if crop else (8, 13)
    pictures = [make(channels, height, width) for _ in range(12)]
    text = f"crop_size: {crop} mirror: {str(mirror).lower()} scale: 0.3 "
    mean = RNG.normal(100, 30, (channels, height, width)).astype(np.float32)
    if with_mean:
        text += f'mean_file: "{mean_file(tmp_path, mean)}"'
    it = transformer(text)
    got = run(it, pictures, first=7, step=3)
    key = stream_key(1, "data/transform")
    for i, picture in enumerate(pictures):
        flip, row, column = (
            int(draws(key, np.array([(7 + 3 * i) * 3 + k]), below)[0])
            for k, below in enumerate((2, height - crop + 1, width - crop + 1)))
        window = np.s_[:, row : row + crop, column : column + crop] if crop else np.s_[:]
        expected = picture[window].astype(np.float32)
        if with_mean:
            expected = expected - mean[window]
        expected = expected[:, :, ::-1] if mirror and flip else expected
        np.testing.assert_array_equal(got[i], expected * np.float32(0.3))


def test_pictures_one_by_one_give_what_a_list_gives():
    for text in ("scale: 0.5 mean_value: 3", "crop_size: 5 mirror: true"):
        it = transformer(text)
        out = np.empty((40, *it.output_shape(3, 9, 11)), np.float32)
        it.batch(iter(PICTURES), 0, out)
        np.testing.assert_array_equal(out, run(it))


@pytest.mark.parametrize("text, error", [
    ("force_color: true force_gray: true", "force_color and force_gray exclude"),
    ('mean_file: "x" mean_value: 1', "mean_file and mean_value exclude"),
])
def test_fields_that_exclude_each_other(text, error):
    with pytest.raises(ConfigError, match=error):
        transformer(text)


@pytest.mark.parametrize("text, error", [
    ("crop_size: 10", "smaller than crop_size.*found 3 x 9 x 11.*10 x 10"),
    ("mean_value: 1 mean_value: 2", "2 values for 3 channels"),
])
def test_pictures_that_do_not_fit(text, error):
    with pytest.raises(ShapeError, match=error):
        transformer(text).output_shape(3, 9, 11)


def test_a_mean_file_of_another_size(tmp_path):
    path = mean_file(tmp_path, np.zeros((3, 8, 8), np.float32))
    with pytest.raises(ShapeError, match=f"found 3 x 9 x 11; allowed: 3 x 8 x 8.*{path}"):
        transformer(f'mean_file: "{path}" crop_size: 4').output_shape(3, 9, 11)


def test_the_picture_that_does_not_fit_is_named():
    pictures = [*PICTURES[:2], PICTURES[0][:, :8]]
    with pytest.raises(ShapeError, match="picture 2 of the batch.*3 x 8 x 11.*3 x 9 x 11"):
        transformer().batch(pictures, 0, np.empty((3, 3, 9, 11), np.float32))
    with pytest.raises(ShapeError, match="picture 1 of the batch.*found 1 x 5 x 5"):
        transformer("crop_size: 5").batch(
            [PICTURES[0], PICTURES[0][:1]], 0, np.empty((2, 3, 5, 5), np.float32))


FIELDS = {name: field.number for name, field in
          caffe_pb2.BlobProto.DESCRIPTOR.fields_by_name.items()}


def blob_file(path, shape, field, payload, more=b""):
    """A BlobProto put together by hand: what forks write has fields that the schema lacks."""
    dims = b"".join(map(varint, shape))
    axes = key(1, LENGTH) + varint(len(dims)) + dims
    path.write_bytes(key(FIELDS["shape"], LENGTH) + varint(len(axes)) + axes + more
                     + key(field, LENGTH) + varint(len(payload)) + payload)
    return str(path)


@pytest.mark.parametrize("field, dtype, more", [
    (FIELDS["data"], "<f4", b""),
    (FIELDS["double_data"], "<f8", b""),
    (12, "<f2", key(10, VARINT) + b"\2"),  # NVIDIA's raw_data, after its raw_data_type
    (12, "<f4", key(10, VARINT) + b"\1"),
    (12, "<f8", key(10, VARINT) + b"\0"),
])
@pytest.mark.parametrize("shape", [(3, 9, 11), (1, 3, 9, 11)])
def test_means_in_every_way_that_files_keep_numbers(tmp_path, field, dtype, more, shape):
    mean = np.random.default_rng(4).integers(0, 255, (3, 9, 11)).astype(dtype)
    path = blob_file(tmp_path / "mean", shape, field, mean.tobytes(), more)
    assert read_mean(path).dtype == np.float32
    np.testing.assert_array_equal(read_mean(path), mean)
    got = run(transformer(f'mean_file: "{path}"', TEST))
    np.testing.assert_allclose(got, PICTURES - mean.astype(np.float32), rtol=1e-6)


def test_a_mean_with_a_tag_before_each_number(tmp_path):
    values = np.arange(12, dtype="<f4")
    (tmp_path / "mean").write_bytes(
        b"".join(key(n, VARINT) + bytes([v]) for n, v in ((1, 1), (2, 3), (3, 2), (4, 2)))
        + b"".join(key(FIELDS["data"], FIXED32) + value.tobytes() for value in values))
    np.testing.assert_array_equal(read_mean(str(tmp_path / "mean")), values.reshape(3, 2, 2))


def test_bad_mean_files(tmp_path):
    with pytest.raises(NotFound, match="nowhere: there is no such mean_file.*compute_image_mean"):
        transformer('mean_file: "nowhere"')
    path = tmp_path / "bad"
    path.write_bytes(b"\xff\xff\xff")
    with pytest.raises(DataError, match="bad: the mean_file cannot be read"):
        transformer(f'mean_file: "{path}"')
    blob = caffe_pb2.BlobProto(num=2, channels=1, height=1, width=1, data=[1, 2])
    path.write_bytes(blob.SerializeToString())
    with pytest.raises(DataError, match="one picture.*2 numbers for 2 x 1 x 1 x 1"):
        transformer(f'mean_file: "{path}"')
    blob = caffe_pb2.BlobProto(num=1, channels=1, height=1, width=1, data=[1, 2])
    for content, said in ((blob.SerializeToString(), "a blob of shape 1x1x1x1 holds 2 values"),
                          (b"", "the file is empty"),
                          (b"\x93NUMPY\1\0v\0{'descr'", "a .npy file.*array_to_blobproto"),
                          (b'name: "net"', "no binaryproto .found a prototxt file")):
        path.write_bytes(content)
        with pytest.raises(DataError, match=f"bad: the mean_file cannot be read: .*{said}"):
            transformer(f'mean_file: "{path}"')
    with pytest.raises(DataError, match="cannot be read: this is a folder"):
        transformer(f'mean_file: "{tmp_path}"')
