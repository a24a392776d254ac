"""A folder whose folders are classes, as databases and as lists."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from picture_files import content, datums, save

from caffepy.services import folders
from caffepy.tools.convert_imageset import main
from caffepy.tools.make_list import main as make_list

COUNTS = {"daisy": 11, "rose": 7, "tulip": 5}


@pytest.fixture
def flowers(tmp_path, monkeypatch):
    """Pictures of one gray level each, by class; what is no picture and what lies elsewhere."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "flowers"
    for label, (name, count) in enumerate(COUNTS.items()):
        (folder / name / "old").mkdir(parents=True)
        for i in range(count):
            where = folder / name / ("old" if i % 3 == 0 else ".")
            save(where / f"p {i}.png", np.full((4, 5, 3), 50 * label + i, np.uint8))
    (folder / "rose" / "notes.txt").write_text("no picture")
    (folder / "rose" / "fake.jpg").write_text("no picture either")
    (folder / ".hidden").mkdir()
    save(folder / "stray.png", np.zeros((4, 5, 3), np.uint8))
    (folder / "nothing").mkdir()
    return folder


def stored(path):
    """Label and gray level of each record, in order."""
    return [(datum.label, datum.data[0]) for datum in datums(path)]


ALL = [(label, 50 * label + i) for label, count in enumerate(COUNTS.values())
       for i in range(count)]


def test_folders_are_classes(call, flowers, caplog):
    done = call(main, "flowers", "db")
    assert done.exit_code == 0, done.output
    assert sorted(stored("db")) == ALL and stored("db") != ALL  # shuffled
    assert Path("labels.txt").read_text() == "daisy\nrose\ntulip\n"
    assert "3 classes: daisy 11, rose 7, tulip 5" in done.output
    assert "what is no picture: rose/fake.jpg, rose/notes.txt\n" in done.output
    assert "pictures in no class's folder: stray.png\n" in done.output
    assert "folders without a picture: nothing\n" in done.output
    assert content("db")[0][0].split(b"_", 1)[1].startswith((b"daisy/", b"rose/", b"tulip/"))


def test_many_classes_are_counted():
    many = folders.Classes("x", [f"c{i:02}" for i in range(30)],
                           [["p"] * (5 + i) for i in range(30)])
    assert many.counts() == "30 classes: 585 pictures, from 5 (c00) to 34 (c29)"


def test_the_seed_decides_the_order_and_nothing_else(call, flowers):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert call(main, "-seed", seed, "flowers/", name).exit_code == 0
    assert stored("a") == stored("b") != stored("c")


def test_a_split_takes_its_share_of_each_class(call, flowers):
    done = call(main, "--split=0.3", "flowers", "db")
    assert done.exit_code == 0, done.output
    train, val = stored("db_train"), stored("db_val")
    assert sorted(train + val) == ALL
    assert [sum(label == i for label, _ in val) for i in range(3)] == [3, 2, 2]
    again = call(main, "--split=0.3", "flowers", "again")
    assert again.exit_code == 0 and stored("again_val") == val
    other = call(main, "--split=0.3", "-seed=5", "flowers", "other")
    assert other.exit_code == 0 and sorted(stored("other_val")) != sorted(val)


@pytest.mark.parametrize("share, counts", [(0.01, [1, 1, 1]), (0.99, [10, 6, 4])])
def test_each_side_has_one_of_each_class(flowers, share, counts):
    train, val = folders.split(folders.read("flowers"), share, 1)
    assert [sum(line.label == i for line in val) for i in range(3)] == counts
    assert len(train) + len(val) == 23


def test_a_list_makes_the_same_database(call, flowers):
    assert call(main, "-list", "list.txt", "flowers").exit_code == 0
    assert not os.path.exists("db")
    lines = Path("list.txt").read_text().splitlines()
    assert len(lines) == 23 and lines[0] == "daisy/old/p 0.png 0" and lines[-1] == "tulip/p 4.png 2"
    assert call(main, "flowers", "list.txt", "db").exit_code == 0
    assert stored("db") == [(int(line.split()[-1]), 50 * int(line.split()[-1])
                             + int(line.split("p ")[1].split(".")[0])) for line in lines]


def test_make_list(call, flowers):
    assert call(make_list, "-split=0.2", "flowers", "of.txt").exit_code == 0
    train, val = (Path(name).read_text().splitlines() for name in ("of_train.txt", "of_val.txt"))
    assert (len(train), len(val)) == (19, 4) and not set(train) & set(val)
    assert train == sorted(train, key=lambda line: int(line.split()[-1]))
    assert call(make_list, "-shuffle", "flowers", "mixed.txt").exit_code == 0
    assert sorted(Path("mixed.txt").read_text().splitlines()) == sorted(train + val)
    assert Path("labels.txt").read_text() == "daisy\nrose\ntulip\n"


def test_names_of_other_classes_are_not_overwritten(call, flowers):
    Path("labels.txt").write_text("cat\ndog\n")
    done = call(main, "flowers", "db")
    assert done.exit_code == 1 and "the names of other classes" in done.output
    assert not os.path.exists("db") and Path("labels.txt").read_text() == "cat\ndog\n"
    assert call(main, "-overwrite", "flowers", "db").exit_code == 0
    assert Path("labels.txt").read_text() == "daisy\nrose\ntulip\n"


def test_what_is_there_is_found_before_anything_is_written(call, flowers):
    for words, taken in ((["-split=0.2", "flowers", "db"], "db_val"),
                         (["-split=0.2", "-list", "x.txt", "flowers"], "x_val.txt")):
        Path(taken).write_text("mine")
        done = call(main, *words)
        assert done.exit_code == 1 and f"{taken}: it is there already" in done.output
        assert sorted(os.listdir()) == sorted([taken, "flowers"])
        Path(taken).unlink()
    assert call(make_list, "flowers", "x.txt").exit_code == 0
    assert call(make_list, "flowers", "x.txt").exit_code == 1
    assert call(make_list, "-overwrite", "flowers", "x.txt").exit_code == 0
    done = call(make_list, "-overwrite", "flowers", "labels.txt")
    assert done.exit_code == 1 and "the classes' names are written there" in done.output


def test_a_split_is_not_added_to(call, flowers):
    assert call(main, "-split=0.2", "flowers", "db").exit_code == 0
    done = call(main, "-split=0.2", "-append", "flowers", "db")
    assert done.exit_code == 1 and "pictures of one side would come to the other" in done.output
    assert call(main, "-append", "flowers", "whole").exit_code == 0
    assert call(main, "-append", "flowers", "whole").exit_code == 0 and len(stored("whole")) == 46


@pytest.mark.parametrize("words, error", [
    (["flowers"], "the name of the database is missing. With a list:"),
    (["flowers", "train.txt"], "the name of the database is missing (found train.txt, a list's)"),
    ([], "the folder of the pictures is missing"),
    (["a", "b", "c", "d"], "too many words (found a b c d)"),
    (["-list", "x.txt", "flowers", "db"], "too many words"),
    (["-split=0.2", "flowers", "train.txt", "db"], "are for a folder of classes"),
    (["-label_db=x", "flowers", "db"], "is for lists"),
    (["nowhere", "db"], "nowhere: there is no such folder"),
    (["flowers/rose/old", "db"], "no folder of pictures lies in it (found 3 pictures outside"),
    (["-split=1", "flowers", "db"], "a share of the pictures (found 1.0"),
])
def test_wrong_calls_show_the_right_ones(call, flowers, words, error):
    done = call(main, *words)
    assert done.exit_code == 1 and error in done.output
    assert sorted(os.listdir()) == ["flowers"]


def test_one_picture_is_not_split(call, flowers):
    for i in range(1, 5):
        next((flowers / "tulip").rglob(f"p {i}.png")).unlink()
    done = call(main, "-split=0.2", "flowers", "db")
    assert done.exit_code == 1
    assert "flowers/tulip: one picture cannot be on both sides" in done.output
    assert sorted(os.listdir()) == ["flowers"]


def test_names_that_are_not_utf_8(call, flowers):
    strange = os.fsdecode(b"\xd1\xd0")
    (flowers / "rose").rename(flowers / strange)
    assert call(main, "flowers", "db").exit_code == 0
    assert sorted(stored("db"))[0] == (0, 0) and len(stored("db")) == 23
    assert Path("labels.txt").read_bytes() == b"daisy\ntulip\n\xd1\xd0\n"


def test_pictures_are_known_by_their_first_bytes(tmp_path):
    for ending in (".png", ".jpg", ".bmp", ".tif", ".webp", ".ppm", ".hdr", ".ras"):
        path = tmp_path / f"x{ending}"
        assert cv2.imwrite(str(path), np.zeros((8, 8, 3), np.uint8))
        path.rename(tmp_path / "unnamed")
        assert folders.is_picture(str(tmp_path / "unnamed")), ending
    for words in ("Portrait of a lady", "BMW, Audi and others", "P1: 3 points", "GIF"):
        (tmp_path / "words").write_text(words)
        assert not folders.is_picture(str(tmp_path / "words"))
    assert not folders.is_picture(str(tmp_path / "gone"))
