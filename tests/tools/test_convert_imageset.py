import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from recorded_data import CASES, FOLDER, records

from caffepy.data import datum
from caffepy.data.db import open_db
from caffepy.errors import DataError, NotFound
from caffepy.proto import caffe_pb2
from caffepy.tools import _work
from caffepy.tools._pictures import Format, to_record
from caffepy.tools.convert_imageset import convert, histogram, main, report_skipped

IMAGES, LIST = f"{FOLDER}/images/", f"{FOLDER}/list.txt"
ROOT = Path(__file__).resolve().parents[2]


def arguments(case):
    with np.load(FOLDER / f"{case}.npz") as file:
        return [str(word) for word in file["args"]]


def content(path, backend="lmdb"):
    with open_db(str(path), backend) as db:
        return list(db)


def backend_of(case):
    return "leveldb" if case == "leveldb" else "lmdb"


@pytest.mark.parametrize("jobs", [1, 3])
@pytest.mark.parametrize("case", CASES)
def test_databases_equal_the_originals(call, tmp_path, case, jobs):
    done = call(main, *arguments(case), f"--jobs={jobs}", IMAGES, LIST, tmp_path / "db")
    assert done.exit_code == 0, done.output
    assert content(tmp_path / "db", backend_of(case)) == records(case)


def test_the_installed_command_and_its_words(shell, tmp_path, messages):
    done = shell("convert_imageset", "-resize_width", 24, "--resize_height=20", "--nogray",
                 IMAGES, LIST, "db")
    assert done.returncode == 0, done.stderr
    assert messages(done.stderr) == [
        "A total of 12 images.", "Processed 12 files.",
        "Pictures of each label: 0: 3, 1: 3, 2: 2, 3: 2, 4: 2"]
    assert content(tmp_path / "db") == records("resized")
    again = shell("convert_imageset", IMAGES, LIST, "db")
    assert again.returncode == 1 and "name is taken" in again.stderr
    assert content(tmp_path / "db") == records("resized")


@pytest.mark.parametrize("program", [
    [sys.executable, "-m", "caffepy.tools.convert_imageset"],
    [sys.executable, str(ROOT / "tools" / "convert_imageset")],
    [sys.executable, "-m", "caffepy", "convert_imageset"],
])
def test_the_other_ways_to_call_it(tmp_path, program):
    done = subprocess.run([*program, "-gray", IMAGES, LIST, "db"], cwd=tmp_path, check=True,
                          capture_output=True, text=True)
    assert "] A total of 12 images." in done.stderr
    assert content(tmp_path / "db") == records("gray")


# -- pictures ------------------------------------------------------------------------------

RNG = np.random.default_rng(1701)


def smooth(*shape):
    """A picture that survives JPEG."""
    noise = RNG.integers(0, 256, shape, np.uint8)
    return cv2.GaussianBlur(noise, (9, 9), 0).reshape(shape)


def to_datum(*arguments):
    value, shape = to_record(*arguments)
    made = caffe_pb2.Datum.FromString(value)
    assert made.SerializeToString() == value  # in protobuf's own order
    return made, shape


def save(path, picture, *parameters):
    extension = os.path.splitext(path)[1] or ".png"
    done, data = cv2.imencode(extension, picture, parameters)
    assert done
    Path(path).write_bytes(data.tobytes())
    return data.tobytes()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pictures").mkdir()
    return tmp_path / "pictures"


def listed(folder, *lines):
    path = folder.parent / "list.txt"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)


def datums(path):
    return [caffe_pb2.Datum.FromString(value) for _, value in content(path)]


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


# -- what goes wrong -----------------------------------------------------------------------

def test_pictures_that_cannot_be_read_are_skipped_and_listed(folder, shell, tmp_path):
    good = smooth(24, 32, 3)
    jpeg = save(folder / "good.jpg", good)
    (folder / "short.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.png").write_text("not a picture")
    (folder / "folder.png").mkdir()
    names = listed(folder, "good.jpg 1", "short.jpg 2", "missing.jpg 3", "empty.png 4",
                   "text.png 5", "folder.png 6", "good.jpg 7")
    done = shell("convert_imageset", f"{folder}/", names, "db")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stderr.count("Could not open or find file") == 5
    summary = done.stderr.partition("5 of 7 pictures could not be read")[2]
    for name in ("short.jpg", "missing.jpg", "empty.png", "text.png", "folder.png"):
        assert name in summary
    assert "good.jpg" not in summary
    assert [key for key, _ in content(tmp_path / "db")] == [
        b"00000000_good.jpg", b"00000006_good.jpg"]


def test_the_list_of_skipped_pictures_ends(caplog):
    with caplog.at_level("ERROR", logger="caffepy"):
        report_skipped([(str(i), f"reason {i}") for i in range(103)], 200)
    texts = [record.message.strip() for record in caplog.records]
    assert len(texts) == 102 and texts[-2:] == ["reason 99", "and 3 more"]


def test_no_picture_at_all_is_an_error(folder, tmp_path):
    with pytest.raises(DataError, match=r"none of the 2 pictures.*a\.png"):
        convert(f"{folder}/", listed(folder, "a.png 1", "b.png 2"), str(tmp_path / "db"))
    assert not [name for name in os.listdir(tmp_path) if name.startswith("db")]


def test_missing_folder_and_list(call, tmp_path):
    done = call(main, "/no/such/", LIST, tmp_path / "db")
    assert done.exit_code == 1 and "/no/such/: there is no such folder" in done.output
    done = call(main, IMAGES, tmp_path / "none.txt", tmp_path / "db")
    assert done.exit_code == 1 and "no such list of pictures" in done.output
    done = call(main, IMAGES, LIST, tmp_path / "no" / "db")
    assert done.exit_code == 1 and "no folder" in done.output
    done = call(main, IMAGES, LIST)
    assert done.exit_code == 1 and "DB_NAME" in done.output
    with pytest.raises(NotFound):
        convert("/no/such/prefix_", LIST, str(tmp_path / "db"))


def test_the_root_may_lack_its_slash_or_be_a_prefix(tmp_path):
    convert(IMAGES.rstrip("/"), LIST, str(tmp_path / "db"))
    assert content(tmp_path / "db") == records("plain")
    short = tmp_path / "short.txt"
    short.write_text("00_49.png 0\n")
    convert(f"{IMAGES}cifar100_", str(short), str(tmp_path / "prefix"))
    assert content(tmp_path / "prefix")[0][1] == records("plain")[0][1]


@pytest.mark.parametrize("line, why, label", [
    ("a.png 0.85", "'0.85' is taken as 0", 0),
    ("a.png 2.7", "'2.7' is taken as 2", 2),
    ("a.png -3", None, -3),
])
def test_doubtful_labels_are_warned_of_with_their_line(folder, call, line, why, label):
    save(folder / "a.png", smooth(4, 5, 3))
    done = call(main, f"{folder}/", listed(folder, "a.png 1", line), folder / "db")
    assert done.exit_code == 0
    assert (why is None) == ("list.txt:2:" not in done.output)
    assert why is None or why in done.output
    assert datums(folder / "db")[1].label == label


@pytest.mark.parametrize("line, why", [
    ("a.png,1", "a comma stands where a blank must be"),
    ("a.png", "there is no label"),
])
def test_lines_cut_in_the_wrong_place_are_warned_of(folder, call, line, why):
    save(folder / "a.png", smooth(4, 5, 3))
    done = call(main, f"{folder}/", listed(folder, "a.png 1", line), folder / "db")
    assert f"list.txt:2: {why}" in done.output
    assert done.exit_code == (1 if line != "a.png" else 0)


def test_blanks_of_all_kinds(folder, call):
    save(folder / "a.png", smooth(4, 5, 3))
    done = call(main, f"{folder}/", listed(folder, "a.png\t1", " a.png  2", "a.png 3 \r"),
                folder / "db")
    assert done.exit_code == 0, done.output
    assert [d.label for d in datums(folder / "db")] == [1, 2, 3]


def test_why_no_picture_was_found(folder, call):
    save(folder / "a.png", smooth(4, 5, 3))
    done = call(main, f"{folder}/", listed(folder, "a.png,1"), folder / "db")
    assert done.exit_code == 1
    assert "a.png is there: a blank, and no comma, parts path and label." in done.output


def test_labels_that_do_not_fit(folder, call):
    save(folder / "a.png", smooth(4, 5, 3))
    for label in (2**31, -(2**31) - 1):
        done = call(main, f"{folder}/", listed(folder, "a.png 1", f"a.png {label}"), folder / "db")
        assert done.exit_code == 1
        assert f"list.txt:2: a label is a whole number of 32 bits (found {label})" in done.output
    convert(f"{folder}/", listed(folder, f"a.png {2**31 - 1}"), str(folder / "db"))
    assert datums(folder / "db")[0].label == 2**31 - 1


def test_check_size(folder, call, tmp_path):
    save(folder / "a.png", smooth(4, 5, 3))
    save(folder / "b.png", smooth(5, 4, 3))
    names = listed(folder, "a.png 1", "b.png 2")
    for flags in ([], ["-encoded"]):
        done = call(main, "--check_size", *flags, f"{folder}/", names, tmp_path / "db")
        assert done.exit_code == 1
        for part in ("Incorrect data field size", "list.txt:2 (b.png)", "3 x 5 x 4", "3 x 4 x 5"):
            assert part in done.output
        assert not [name for name in os.listdir(tmp_path) if name.startswith("db")]
    done = call(main, f"{folder}/", names, tmp_path / "db")
    assert done.exit_code == 0


def test_keys_longer_than_lmdb_takes(folder, tmp_path):
    name = "/".join(["a" * 100] * 6) + ".png"
    (folder / name).parent.mkdir(parents=True)
    save(folder / name, smooth(4, 5, 3))
    names = listed(folder, f"{name} 1")
    with pytest.raises(DataError, match=r"list\.txt:1.*found 618 bytes; allowed: 511"):
        convert(f"{folder}/", names, str(tmp_path / "db"))
    convert(f"{folder}/", names, str(tmp_path / "level"), "leveldb")
    assert len(content(tmp_path / "level", "leveldb")[0][0]) == 618


def test_a_full_disk_leaves_no_half_database(folder, shell, tmp_path):
    save(folder / "a.png", RNG.integers(0, 256, (256, 256, 3), np.uint8))
    names = listed(folder, *["a.png 1"] * 60)
    resource = pytest.importorskip("resource")

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, 4 << 20))

    done = shell("convert_imageset", f"{folder}/", names, "db", preexec_fn=small_files)
    assert done.returncode == 1
    assert "db: the LMDB cannot be used" in done.stderr and "Traceback" not in done.stderr
    assert not [name for name in os.listdir(tmp_path) if name.startswith("db")]


# -- order and counts ----------------------------------------------------------------------

def test_shuffle_is_a_function_of_the_seed(tmp_path):
    plain = {key[9:]: value for key, value in records("plain")}
    orders = []
    for name, options in (("a", {}), ("b", {"jobs": 2}), ("c", {"seed": 2})):
        convert(IMAGES, LIST, str(tmp_path / name), shuffle=True, **options)
        found = content(tmp_path / name)
        assert [key[:9] for key, _ in found] == [b"%08d_" % i for i in range(12)]
        assert {key[9:]: value for key, value in found} == plain
        orders.append([key[9:] for key, _ in found])
    assert orders[0] == orders[1] != orders[2]
    assert orders[0] != list(plain)


def test_every_thousand_files_have_their_line(folder, call, messages):
    save(folder / "a.png", smooth(2, 2, 3))
    done = call(main, f"{folder}/", listed(folder, *["a.png 1"] * 2001), folder / "db")
    assert [line for line in messages(done.output) if line.startswith("Processed")] == [
        "Processed 1000 files.", "Processed 2000 files.", "Processed 2001 files."]
    done = call(main, f"{folder}/", listed(folder, *["a.png 1"] * 1000), folder / "other")
    assert messages(done.output).count("Processed 1000 files.") == 1


def test_histogram():
    assert histogram(Counter({3: 2, 1: 1})) == "Pictures of each label: 1: 1, 3: 2"
    counts = Counter({label: 5 for label in range(30)})
    counts.update({4: 1})
    counts.subtract({7: 2})
    del counts[20]
    assert histogram(counts) == (
        "29 labels from 0 to 29 (1 of these numbers do not occur); from 3 pictures (label 7) "
        "to 6 (label 4)")


def test_results_come_in_order_and_errors_come_through():
    assert list(_work.in_order(lambda x: x * x, range(100), 4)) == [x * x for x in range(100)]

    def fail(x):
        if x == 30:
            raise DataError("broken")
        return x

    found = []
    with pytest.raises(DataError, match="broken"):
        for x in _work.in_order(fail, range(100), 4):
            found.append(x)
    assert found == list(range(30))


def test_threads_do_not_run_far_ahead():
    asked = []
    results = _work.in_order(lambda x: x, (asked.append(x) or x for x in range(1000)), 2)
    assert [next(results) for _ in range(10)] == list(range(10))
    assert len(asked) < 20
    results.close()


def test_jobs_are_checked(call, tmp_path):
    done = call(main, "--jobs=-1", IMAGES, LIST, tmp_path / "db")
    assert done.exit_code == 1 and "jobs must be 0" in done.output
    assert _work.job_count(0) >= 1
