"""The shelf: the only way from a visitor's words to a file."""

import os

import pytest

from caffepy.board.shelf import Shelf
from caffepy.errors import NotFound


@pytest.fixture
def shelf(folder, tmp_path):
    (folder / "in").mkdir()
    (folder / "in" / "a.log").write_text("a")
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "b.log").write_text("b")
    (tmp_path / "secret.log").write_text("secret")
    (tmp_path / "shelf-beside").mkdir()  # begins as the folder does
    (tmp_path / "shelf-beside" / "c.log").write_text("c")
    (folder / "out.log").symlink_to(tmp_path / "secret.log")
    (folder / "out").symlink_to(tmp_path)
    (folder / "again.log").symlink_to(folder / "in" / "a.log")
    os.mkfifo(folder / "pipe.log")
    return Shelf([folder])


def test_a_name_is_a_label_and_a_way_below_it(shelf, folder):
    assert shelf.file("shelf/in/a.log").read_text() == "a"
    assert shelf.file("shelf/again.log").read_text() == "a"
    assert shelf.folder("shelf/in") == folder / "in" and shelf.folder("shelf") == folder
    assert shelf.name(folder / "in" / "a.log") == "shelf/in/a.log"


@pytest.mark.parametrize("name", [
    "", "shelf", "in/a.log", "shelf/../secret.log", "shelf/in/../../secret.log", "..", "shelf/..",
    "/etc/passwd", "shelf//etc/passwd", "shelf//in/a.log", "shelf/./in/a.log", "shelf/in/a.log/",
    "shelf/out.log", "shelf/out/secret.log", "shelf/out/shelf-beside/c.log", "shelf/in",
    "shelf-beside/c.log", "shelf/../shelf-beside/c.log", "shelf/in/a.log\0", "shelf/none",
    "shelf/pipe.log", "shelf/" + "x" * 5000, "shelf\\in\\a.log", "shelf/%2e%2e/secret.log"])
def test_no_other_name_gives_a_file(shelf, name):
    with pytest.raises(NotFound, match="no such file"):
        shelf.file(name)


@pytest.mark.parametrize("name", ["", "shelf/out", "shelf/..", "shelf/in/a.log",
                                  "shelf/out/shelf-beside"])
def test_no_other_name_gives_a_folder(shelf, name):
    with pytest.raises(NotFound, match="no such folder"):
        shelf.folder(name)


def test_the_files_of_a_walk_can_all_be_asked_for(shelf):
    assert [found.name for found in shelf.walk()] == ["shelf/again.log", "shelf/in/a.log"]
    assert all(shelf.file(found.name) == found.path for found in shelf.walk())
    assert not list(shelf.walk(most=0))


def test_paths_from_elsewhere_are_admitted_or_not(shelf, folder, tmp_path):
    assert shelf.admit(folder / "in" / "a.log")
    for path in (tmp_path / "secret.log", folder / "out.log", folder / "out" / "secret.log",
                 folder / ".." / "secret.log", tmp_path / "shelf-beside" / "c.log", "/etc/passwd"):
        assert shelf.name(path) is None
        with pytest.raises(NotFound, match="outside"):
            shelf.admit(path)


def test_folders_of_one_name_have_labels_of_their_own(tmp_path):
    for part in ("a", "b"):
        (tmp_path / part / "logs").mkdir(parents=True)
        (tmp_path / part / "logs" / "x").write_text(part)
    shelf = Shelf([tmp_path / "a" / "logs", tmp_path / "b" / "logs", tmp_path / "a" / "logs"])
    assert list(shelf.roots) == ["logs", "logs-2"]
    assert shelf.file("logs-2/x").read_text() == "b"
    assert shelf.name(tmp_path / "b" / "logs" / "x") == "logs-2/x"
    with pytest.raises(NotFound):
        Shelf([tmp_path / "none"])


def test_a_folder_below_another_has_its_names_already(folder):
    for part in ("in", ".hidden"):
        (folder / part).mkdir()
        (folder / part / "x").write_text(part)
    shelf = Shelf([folder, folder / "in", folder / ".hidden"])
    assert [found.name for found in shelf.walk()] == ["shelf/in/x", ".hidden/x"]


def test_names_that_are_no_text_are_left_out(folder):
    with open(os.fsencode(folder) + b"/\xff.log", "wb") as file:
        file.write(b"x")
    assert not list(Shelf([folder]).walk())
