"""convert_imageset beyond the original: databases that are there already, several labels."""

import os

import cv2
import numpy as np
import pytest
from picture_files import content

from caffepy.data import datum
from caffepy.data.db import new_db
from caffepy.errors import DataError
from caffepy.services import number_labels
from caffepy.services.imagesets import convert
from caffepy.tools.convert_imageset import main

RNG = np.random.default_rng(1701)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "p").mkdir()
    for name in "abc":
        cv2.imwrite(str(tmp_path / "p" / f"{name}.png"), RNG.integers(0, 256, (4, 5, 3), np.uint8))
    return f"{tmp_path}/p/"


@pytest.fixture
def listed(tmp_path):
    def make(*lines, name="list.txt"):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines))
        return tmp_path / name

    return make


def keys(path, backend="lmdb"):
    return [key.decode() for key, _ in content(path, backend)]


@pytest.mark.parametrize("backend", ["lmdb", "leveldb"])
def test_appending_goes_on_behind_the_last_number(call, folder, listed, tmp_path, backend):
    flags, db = (f"-backend={backend}", "-append", "-check_size"), tmp_path / "db"
    for lines in (("a.png 0", "b.png 1", "gone.png 2"), ("gone.png 3", "c.png 4"), ("a.png 5",)):
        call(main, *flags, folder, listed(*lines), db)
    # a number stays with the line of a picture that could not be read, but for the last ones
    assert keys(db, backend) == [
        "00000000_a.png", "00000001_b.png", "00000003_c.png", "00000004_a.png"]
    assert [datum.decode(value)[1] for _, value in content(db, backend)] == [0, 1, 4, 5]


def test_appended_pictures_must_have_the_size_of_those_there(call, folder, listed, tmp_path):
    call(main, folder, listed("a.png 0"), tmp_path / "db")
    cv2.imwrite(f"{folder}/big.png", np.zeros((9, 9, 3), np.uint8))
    done = call(main, "-append", "-check_size", folder, listed("big.png 1"), tmp_path / "db")
    assert done.exit_code == 1 and f"the size of {tmp_path}/db" in done.output
    assert "3 x 9 x 9" in done.output and keys(tmp_path / "db") == ["00000000_a.png"]


def test_databases_with_keys_of_another_kind_take_no_more(call, folder, listed, tmp_path):
    with new_db(str(tmp_path / "db"), "lmdb") as db:
        db.put(b"cat_1", content_of_one(folder, listed, tmp_path))
    done = call(main, "-append", folder, listed("a.png 0"), tmp_path / "db")
    assert done.exit_code == 1 and "do not begin with numbers (found cat)" in done.output


def content_of_one(folder, listed, tmp_path):
    convert(folder, str(listed("a.png 0")), str(tmp_path / "one"))
    return content(tmp_path / "one")[0][1]


def test_overwriting_puts_the_new_one_in_the_place(call, folder, listed, tmp_path):
    db = tmp_path / "db"
    call(main, "-overwrite", folder, listed("a.png 0", "b.png 1"), db)  # nothing is there yet
    assert len(keys(db)) == 2
    assert call(main, "-overwrite", folder, listed("c.png 2"), f"{db}/").exit_code == 0
    assert keys(db) == ["00000000_c.png"]
    assert call(main, "-overwrite", folder, listed("gone.png 2"), db).exit_code == 1
    assert keys(db) == ["00000000_c.png"]  # what cannot be completed changes nothing
    os.symlink(db, tmp_path / "link")
    assert call(main, "-overwrite", folder, listed("b.png 2"), tmp_path / "link").exit_code == 0
    assert keys(db) == ["00000000_b.png"]
    assert sorted(os.listdir(tmp_path)) == ["db", "link", "list.txt", "p"]


def test_what_is_no_database_is_not_overwritten(call, folder, listed, tmp_path):
    done = call(main, "-overwrite", folder, listed("a.png 0"), folder)
    assert done.exit_code == 1 and "is no database, and is not overwritten" in done.output
    assert sorted(os.listdir(folder)) == ["a.png", "b.png", "c.png"]
    done = call(main, "-overwrite", "-append", folder, listed("a.png 0"), tmp_path / "db")
    assert done.exit_code == 1 and "exclude each other" in done.output


def test_several_labels_lie_in_the_order_of_the_pictures(call, folder, listed, tmp_path, messages):
    lines = listed("a.png 0.5 -2 1", "b.png 1 1e3 0", "gone.png 7 7 7", "c.png 2\t3   4")
    db, labels = tmp_path / "db", tmp_path / "labels"
    done = call(main, "-shuffle", "-labels=3", f"-label_db={labels}", folder, lines, db)
    assert done.exit_code == 1 and "1 of 4 pictures" in done.output
    assert keys(db) == keys(labels) and len(keys(db)) == 3
    expected = {"a.png": [0.5, -2, 1], "b.png": [1, 1000, 0], "c.png": [2, 3, 4]}
    for (key, value), (_, picture) in zip(content(labels), content(db), strict=True):
        name = key.decode()[9:]
        numbers, _ = datum.decode(value)
        assert numbers.shape == (3, 1, 1) and numbers.ravel().tolist() == expected[name]
        assert datum.decode(picture)[1] == {"a.png": 0, "b.png": 1, "c.png": 2}[name]
    assert "Label 1: from -2 to 1000, mean 333.667" in messages(done.output)


def test_a_data_layer_reads_the_labels(call, folder, listed, tmp_path):
    from caffepy import TEST, Net

    lines = listed("a.png 0.5 1", "b.png -1 2")
    call(main, "-labels=2", f"-label_db={tmp_path}/labels", folder, lines, tmp_path / "db")
    (tmp_path / "net.prototxt").write_text("".join(
        f'layer {{ name: "{top}" type: "Data" top: "{top}" data_param {{ source: '
        f'"{tmp_path}/{name}"'
        " backend: LMDB batch_size: 2 } }" for top, name in (("data", "db"), ("label", "labels"))))
    net = Net(str(tmp_path / "net.prototxt"), TEST)
    out = net.forward()
    assert out["data"].shape == (2, 3, 4, 5)
    assert out["label"].reshape(2, 2).tolist() == [[0.5, 1], [-1, 2]]


@pytest.mark.parametrize("line", ["a.png 1", "a.png", "a.png x 1", "a.png 1 nan", "1 2"])
def test_lines_that_do_not_end_in_so_many_numbers(folder, listed, tmp_path, line):
    with pytest.raises(DataError, match=r"list\.txt:2: a line is a path and 2 numbers"):
        convert(folder, str(listed("a.png 1 2", line)), str(tmp_path / "db"),
                label_db=str(tmp_path / "labels"), label_count=2)
    assert not (tmp_path / "db").exists()


def test_flags_for_labels_belong_together(call, folder, listed, tmp_path):
    done = call(main, "-labels=2", folder, listed("a.png 1 2"), tmp_path / "db")
    assert done.exit_code == 1 and "--labels=2 needs --label_db" in done.output
    call(main, folder, listed("a.png 1"), tmp_path / "db")
    done = call(main, "-append", f"-label_db={tmp_path}/labels", folder, listed("a.png 1"),
                tmp_path / "db")
    assert done.exit_code == 1 and "only where both are" in done.output


def test_names_with_spaces_keep_them(folder, listed):
    lines, labels = number_labels.read_list(str(listed("two words.png 1 2.5")), 2)
    assert lines[0].path == "two words.png" and labels[1].tolist() == [1, 2.5]
    many = [np.zeros(25, np.float32), np.ones(25, np.float32)]
    assert number_labels.spread(many)[-1] == "and 5 more labels"
