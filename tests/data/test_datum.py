import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded_data import CASES, FOLDER, records

from caffepy.data import datum, image
from caffepy.errors import DataError
from caffepy.proto import caffe_pb2

SIZES = st.tuples(*[st.integers(1, 6)] * 3)
LABELS = st.integers(-(2**31), 2**31 - 1)


@given(SIZES, LABELS, st.data())
def test_bytes_come_back(size, label, data):
    count = int(np.prod(size))
    array = np.frombuffer(data.draw(st.binary(min_size=count, max_size=count)), np.uint8)
    array = array.reshape(size)
    message = datum.from_array(array, label)
    assert (message.channels, message.height, message.width) == size
    back, its_label = datum.decode(message.SerializeToString())
    assert back.dtype == np.uint8 and its_label == label
    np.testing.assert_array_equal(back, array)


@given(SIZES, st.data())
def test_floats_come_back(size, data):
    count = int(np.prod(size))
    numbers = data.draw(st.lists(st.floats(width=32, allow_nan=False), min_size=count,
                                 max_size=count))
    array = np.array(numbers, np.float32).reshape(size)
    back, label = datum.decode(datum.from_array(array).SerializeToString())
    assert back.dtype == np.float32 and label == 0
    np.testing.assert_array_equal(back, array)


@given(st.binary(max_size=200))
def test_no_bytes_bring_more_than_an_error(value):
    try:
        picture, _ = datum.decode(value)
    except DataError:
        return
    assert picture.size <= len(value)


ARGUMENTS = {"gray": (False, 0, 0), "resized": (True, 20, 24)}


@pytest.mark.parametrize("case", [case for case in CASES if not case.startswith("encoded")])
def test_recorded_datums_are_made_to_the_byte(case):
    color, height, width = ARGUMENTS.get(case, (True, 0, 0))
    lines = (FOLDER / "list.txt").read_text().split("\n")
    pairs = records(case)
    assert len(pairs) == 12
    for (key, value), line in zip(pairs, lines, strict=False):
        name, label = line.rsplit(" ", 1)
        assert key.decode().endswith(name)
        picture = image.read_image(str(FOLDER / "images" / name), color, height, width)
        message = datum.from_array(picture, int(label))
        message.encoded = False  # convert_imageset sets it
        assert message.SerializeToString() == value


@pytest.mark.parametrize("color, shape", [(None, (3, 32, 32)), (True, (3, 32, 32)),
                                          (False, (1, 32, 32))])
def test_encoded_datums(color, shape):
    for (key, value), (_, plain) in zip(records("encoded"), records("plain"), strict=True):
        picture, label = datum.decode(value, color)
        expected, expected_label = datum.decode(plain)
        assert picture.shape == shape and label == expected_label, key
        if color is not False:
            np.testing.assert_array_equal(picture, expected)


LARGE = bytes(range(256)) * 24
PARTS = {
    "channels": b"\x08\x03", "height": b"\x10\x20", "width": b"\x18\x40", "label": b"\x28\x07",
    "long varint": b"\x28\x87\x80\x80\x00", "minus one": b"\x28" + b"\xff" * 9 + b"\x01",
    "encoded": b"\x38\x00", "float": b"\x35\0\0\x80\x3f", "unknown": b"\x98\x06\x01",
    "unknown bytes": b"\xa2\x06\x01a", "other data": b"\x22\x01b", "bad tag": b"\x07",
    "no end": b"\x28\xff", "too long": b"\x28" + b"\xff" * 10 + b"\x01", "empty data": b"\x22\x00",
}


@given(st.lists(st.sampled_from(sorted(PARTS)), max_size=6),
       st.lists(st.sampled_from(sorted(PARTS)), max_size=4), st.integers(-3, 3))
def test_a_large_record_is_read_as_protobuf_reads_it(before, after, more):
    count = len(LARGE) + (more if more > 0 else 0)  # more than there is, where nothing follows
    size = bytes([count & 127 | 128, count >> 7])
    value = (b"".join(PARTS[name] for name in before) + b"\x22" + size + LARGE
             + b"".join(PARTS[name] for name in after))
    assert len(value) > datum.LARGE

    def outcome(decode):
        try:
            picture, label = decode(value)
            return picture.dtype, picture.shape, picture.tobytes(), label
        except DataError as error:
            return str(error)

    def plainly(value):
        message = datum.parse(value)
        return datum.to_array(message), message.label

    assert outcome(datum.decode) == outcome(plainly)


def test_the_picture_of_a_large_record_is_not_copied():
    value = datum.from_array(np.frombuffer(LARGE, np.uint8).reshape(3, 32, 64), 7)
    value = value.SerializeToString()
    picture, label = datum.decode(value)
    assert label == 7 and np.shares_memory(picture, np.frombuffer(value, np.uint8))
    assert picture.tobytes() == LARGE


def of(**fields):
    return caffe_pb2.Datum(**fields).SerializeToString()


BAD = [
    (b"\xff\xff\xff\xff", "damaged, or no Datum"),
    (of(channels=1, height=2, width=2, data=b"1234")[:-2], "damaged"),
    (b"", "found 0 numbers for 0 x 0 x 0"),
    (of(channels=1, height=2, width=2, data=b"123"), "found 3 numbers for 1 x 2 x 2"),
    (of(channels=1, height=2, width=2, float_data=[1.0]), "found 1 numbers for 1 x 2 x 2"),
    (of(channels=-1, height=-4, width=1, data=b"1234"), "4 numbers for -1 x -4 x 1"),
    (of(channels=2**31 - 1, height=2**31 - 1, width=2**31 - 1, data=b"1"), "does not fit its size"),
    (of(encoded=True, data=b"no picture"), "not a picture.*10 bytes starting 6e 6f"),
    (of(encoded=True), "not a picture.*0 bytes"),
]


@pytest.mark.parametrize("value, text", BAD)
def test_bad_records(value, text):
    with pytest.raises(DataError, match=text):
        datum.decode(value)


def test_only_c_h_w_goes_into_a_datum():
    with pytest.raises(DataError, match=r"found an array of shape \(2, 2\)"):
        datum.from_array(np.zeros((2, 2)))
