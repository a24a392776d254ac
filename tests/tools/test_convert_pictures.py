"""convert_imageset: names, depths and channels of pictures, and those kept encoded."""

import os
from pathlib import Path

import numpy as np
import pytest
from picture_files import RNG, content, datums, listed, save, smooth

from caffepy.data import datum
from caffepy.proto import caffe_pb2
from caffepy.services.imagesets import convert
from caffepy.services.picture_records import Format, to_record
from caffepy.tools.convert_imageset import main


def to_datum(*arguments):
    value, shape = to_record(*arguments)
    made = caffe_pb2.Datum.FromString(value)
    assert made.SerializeToString() == value  # in protobuf's own order
    return made, shape


def test_names_with_spaces_and_other_letters(folder, call):
    names = ["two words.png", "naïve/Ωmega 漢字.png", " first.png"]
    (folder / "naïve").mkdir()
    for name in names:
        save(folder / name, smooth(4, 5, 3))
    done = call(main, f"{folder}/", listed(folder, *(f"{n} {i}" for i, n in enumerate(names))),
                folder / "db")
    assert done.exit_code == 0, done.output
    assert [key for key, _ in content(folder / "db")] == [
        f"{i:08d}_{name}".encode() for i, name in enumerate(names)]
    assert [d.label for d in datums(folder / "db")] == [0, 1, 2]


def test_names_that_are_not_utf_8(folder, shell):
    name = b"caf\xe9.png"
    try:
        save(folder / "x.png", smooth(4, 5, 3))
        os.rename(folder / "x.png", os.fsencode(folder) + b"/" + name)
    except OSError:
        pytest.skip("this file system has UTF-8 names only")
    path = folder.parent / "list.txt"
    path.write_bytes(name + b" 7\n" + b"no-caf\xe9.png 8\n")
    done = shell("convert_imageset", f"--log_dir={folder}", "--logtostderr=false", f"{folder}/",
                 path, folder / "db")
    assert done.returncode == 1 and "1 of 2 pictures" in done.stderr
    assert [key for key, _ in content(folder / "db")] == [b"00000000_" + name]


def test_16_bit_alpha_and_gray_pictures_become_three_bytes_a_pixel(folder):
    deep = RNG.integers(0, 65536, (4, 5, 3)).astype(np.uint16)
    save(folder / "deep.png", deep)
    save(folder / "alpha.png", smooth(4, 5, 4))
    gray = smooth(4, 5)
    save(folder / "gray.png", gray)
    convert(f"{folder}/", listed(folder, "deep.png 0", "alpha.png 1", "gray.png 2"),
            str(folder / "db"))
    found = [datum.to_array(d) for d in datums(folder / "db")]
    assert [f.shape for f in found] == [(3, 4, 5)] * 3
    assert np.array_equal(found[0], (deep >> 8).astype(np.uint8).transpose(2, 0, 1))
    assert np.array_equal(found[2], np.stack([gray] * 3))


CMYK = Path(__file__).parent / "cmyk.jpg"


def test_a_cmyk_jpeg_is_read_as_colours(tmp_path):
    made, shape = to_datum(str(CMYK), 3)
    assert shape == (3, 16, 16) and made.label == 3
    # drawn as cyan 255, magenta 0, yellow 0, black 0: no red, all green and blue
    blue, green, red = datum.to_array(made).reshape(3, -1).astype(int).mean(1)
    assert red < 60 and green > 150 and blue > 200


def test_encoded_keeps_the_bytes_of_a_file_that_fits(folder):
    kept = {name: save(folder / name, smooth(32, 24, 3)) for name in
            ("a.jpg", "b.JPEG", "c.png", "d.bmp")}
    for name, data in kept.items():
        made, shape = to_datum(str(folder / name), 5, Format(encoded=True))
        assert (made.data, made.label, made.encoded, shape) == (data, 5, True, (3, 32, 24))
        assert not made.HasField("channels")
    for name, kind in (("a.jpg", "jpg"), ("b.JPEG", "jpg"), ("c.png", "png")):
        assert to_datum(str(folder / name), 5, Format(encoded=True, encode_type=kind))[
            0].data == kept[name]


@pytest.mark.parametrize("name, picture, format, signature, shape", [
    ("a.jpg", (32, 24, 3), Format(encoded=True, encode_type="png"), b"\x89PNG", (3, 32, 24)),
    ("a.png", (32, 24, 3), Format(encoded=True, height=8, width=9), b"\x89PNG", (3, 8, 9)),
    ("a.png", (32, 24), Format(encoded=True), b"\x89PNG", (3, 32, 24)),
    ("a.png", (32, 24, 3), Format(encoded=True, gray=True), b"\x89PNG", (1, 32, 24)),
    ("a.png", (32, 24, 4), Format(encoded=True), b"\x89PNG", (3, 32, 24)),
])
def test_encoded_makes_anew_what_does_not_fit(folder, name, picture, format, signature, shape):
    data = save(folder / name, smooth(*picture))
    made, found = to_datum(str(folder / name), 1, format)
    assert found == shape and made.data != data and made.data.startswith(signature)
    assert datum.to_array(made).shape == shape


def test_encoded_16_bit_pictures_get_8(folder):
    save(folder / "a.png", RNG.integers(0, 65536, (4, 5, 3)).astype(np.uint16))
    made, _ = to_datum(str(folder / "a.png"), 1, Format(encoded=True))
    assert datum.to_array(made).dtype == np.uint8


def test_a_name_without_an_ending_is_warned_of(folder, call):
    data = save(folder / "picture", smooth(4, 5, 3))
    done = call(main, "-encoded", f"{folder}/", listed(folder, "picture 1"), folder / "db")
    assert done.exit_code == 0
    assert "Failed to guess the encoding of" in done.output
    assert datums(folder / "db")[0].data == data


def test_encode_type_implies_encoded_and_is_checked(folder, call):
    save(folder / "a.png", smooth(4, 5, 3))
    names = listed(folder, "a.png 1")
    done = call(main, "-encode_type=.JPG", f"{folder}/", names, folder / "db")
    assert "encode_type specified, assuming encoded=true." in done.output
    assert datums(folder / "db")[0].data.startswith(b"\xff\xd8")
    done = call(main, "-encode_type=docx", f"{folder}/", names, folder / "other")
    assert done.exit_code == 1 and "encode_type" in done.output and "docx" in done.output


def test_one_size_alone_is_warned_of(folder, call):
    save(folder / "a.png", smooth(4, 5, 3))
    done = call(main, "-resize_width=9", f"{folder}/", listed(folder, "a.png 1"), folder / "db")
    assert "it takes both" in done.output
    assert datums(folder / "db")[0].width == 5
