import os

import cv2
import numpy as np
import pytest

from caffepy.services.resizing import names_in, resize_and_crop
from caffepy.tools.resize_and_crop_images import main

RNG = np.random.default_rng(1701)


def save(path, rows, columns):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = RNG.integers(0, 256, (rows, columns, 3), np.uint8)
    path.write_bytes(cv2.imencode(path.suffix, picture)[1].tobytes())
    return picture


def read(path):
    return cv2.imdecode(np.fromfile(str(path), np.uint8), cv2.IMREAD_COLOR)


@pytest.mark.parametrize("rows, columns, resized, cut", [
    (20, 30, (15, 10), (slice(0, 10), slice(2, 12))),
    (33, 20, (10, 16), (slice(3, 13), slice(0, 10))),
    (5, 7, (14, 10), (slice(0, 10), slice(2, 12))),
])
def test_the_middle_square_of_the_resized_picture(tmp_path, rows, columns, resized, cut):
    picture = save(tmp_path / "a.png", rows, columns)
    resize_and_crop(str(tmp_path / "a.png"), str(tmp_path / "b.png"), 10)
    assert np.array_equal(read(tmp_path / "b.png"), cv2.resize(picture, resized)[cut])


def test_a_picture_of_the_right_size_keeps_its_pixels(tmp_path):
    picture = save(tmp_path / "a.png", 10, 10)
    resize_and_crop(str(tmp_path / "a.png"), str(tmp_path / "b.png"), 10)
    assert np.array_equal(read(tmp_path / "b.png"), picture)


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_installed_command_keeps_the_folders(shell, tmp_path, jobs):
    for name in ("x/a b.jpg", "ü/c.PNG", "d.bmp"):
        save(tmp_path / "in" / name, 20, 30)
    (tmp_path / "in" / "notes.txt").touch()
    done = shell("resize_and_crop_images", "--input_folder=in", "--output_folder", "out",
                 "--output_side_length=8", f"--jobs={jobs}", "--image_lib=opencv")
    assert done.returncode == 0, done.stderr
    assert "Wrote 3 pictures into out" in done.stderr
    assert names_in(str(tmp_path / "out")) == ["d.bmp", "x/a b.jpg", "ü/c.PNG"]
    assert {read(tmp_path / "out" / name).shape for name in ("x/a b.jpg", "ü/c.PNG")} == {(8, 8, 3)}


def test_lists_as_find_and_as_convert_imageset_have_them(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "b c.png", "d.png", "e.png"):
        save(tmp_path / "in" / name, 9, 9)
    (tmp_path / "list").write_text(f"a.png 3\nb c.png\nin/d.png\n{tmp_path}/in/e.png 1\n\n")
    done = call(main, "-input_folder=in", "-output_folder=out", "--input=list")
    assert done.exit_code == 0, done.output
    assert sorted(os.listdir("out")) == ["a.png", "b c.png", "d.png", "e.png"]


def test_what_cannot_be_read_is_listed(call, tmp_path):
    good = tmp_path / "in" / "good.jpg"
    save(good, 40, 40)
    (tmp_path / "in" / "short.jpg").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "in" / "a.txt").touch()
    (tmp_path / "list").write_text(
        "good.jpg 0\nshort.jpg 1\ngone.jpg 2\n../in/good.jpg 1\na.txt 1\n")
    done = call(main, f"-input_folder={tmp_path}/in", f"-output_folder={tmp_path}/out",
                tmp_path / "list")
    assert done.exit_code == 1
    summary = done.output.partition("4 of 5 pictures were left out:")[2]
    for name in ("short.jpg", "gone.jpg", "../in/good.jpg: it leads out", "a.txt"):
        assert name in summary
    assert os.listdir(tmp_path / "out") == ["good.jpg"]


def test_flags_that_are_wrong(call, tmp_path):
    save(tmp_path / "in" / "a.png", 9, 9)
    folder = f"{tmp_path}/in"
    for flags, said in (
        ((), "--input_folder is missing"),
        (("-input_folder=x",), "--output_folder is missing"),
        (("-input_folder=/no/such", "-output_folder=y"), "/no/such: there is no such folder"),
        ((f"-input_folder={folder}", f"-output_folder={folder}/"), "take the place of"),
        ((f"-input_folder={folder}", "-output_folder=y", "-output_side_length=0"), "must be 1"),
        ((f"-input_folder={folder}", "-output_folder=y", "gone"), "gone"),
    ):
        done = call(main, *flags)
        assert done.exit_code == 1 and said in done.output, done.output
    assert read(tmp_path / "in" / "a.png").shape == (9, 9, 3)
