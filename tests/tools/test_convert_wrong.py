"""convert_imageset where something is wrong: pictures, lists, labels, sizes, the disk."""

import os

import numpy as np
import pytest
from picture_files import RNG, content, datums, listed, save, smooth
from recorded_data import FOLDER, records

from caffepy.errors import DataError, NotFound
from caffepy.services.imagesets import convert
from caffepy.services.storing import report_skipped
from caffepy.tools.convert_imageset import main

IMAGES, LIST = f"{FOLDER}/images/", f"{FOLDER}/list.txt"


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
