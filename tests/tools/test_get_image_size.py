"""get_image_size."""

import pytest
from annosets import Folder

from caffepy.tools.get_image_size import main


@pytest.fixture
def folder(tmp_path):
    made = Folder(tmp_path)
    (tmp_path / "JPEGImages").mkdir()
    made.listed(f"{made.picture('JPEGImages/000005.v1.jpg', (30, 20))} 000005.xml")
    made.listed(f"{made.picture('b.png', (7, 9))} 3")
    return made


@pytest.mark.parametrize("jobs", [1, 2])
def test_sizes(call, folder, jobs):
    done = call(main, f"--jobs={jobs}", folder.root, folder.list, folder.path / "out.txt")
    assert done.exit_code == 0, done.output
    assert (folder.path / "out.txt").read_text() == "000005.v1 30 20\nb 7 9\n"
    assert "A total of 2 images." in done.output and "Processed 2 files." in done.output


def test_ids_instead_of_names(call, folder):
    (folder.path / "ids.txt").write_text("b 17\n000005.v1 4\n\n")
    call(main, f"--name_id_file={folder.path}/ids.txt", folder.root, folder.list,
         folder.path / "out.txt")
    assert (folder.path / "out.txt").read_text() == "4 30 20\n17 7 9\n"


@pytest.mark.parametrize("ids, why", [
    ("b\n", "ids.txt:1: a line is a name and its id (found 'b'"),
    ("b x\n", "ids.txt:1: a line is a name and its id"),
    ("b 1\nb 2\n", "ids.txt:2: a name has two ids (found b)"),
])
def test_wrong_ids(call, folder, ids, why):
    (folder.path / "ids.txt").write_text(ids)
    done = call(main, f"--name_id_file={folder.path}/ids.txt", folder.root, folder.list,
                folder.path / "out.txt")
    assert done.exit_code == 1 and why in done.output
    assert not (folder.path / "out.txt").exists()


def test_pictures_that_cannot_be_read_are_left_out(call, folder):
    (folder.path / "ids.txt").write_text("b 17\n")
    folder.listed("gone.jpg gone.xml")
    done = call(main, f"--name_id_file={folder.path}/ids.txt", folder.root, folder.list,
                folder.path / "out.txt")
    assert done.exit_code == 1
    assert "2 of 3 pictures could not be read and are left out" in done.output
    assert "the picture has no id (found 000005.v1)" in done.output
    assert (folder.path / "out.txt").read_text() == "17 7 9\n"
    (folder.path / "b.png").unlink()
    done = call(main, folder.root, folder.list, folder.path / "new.txt")
    assert done.exit_code == 1 and (folder.path / "new.txt").exists()
    folder.lines.clear()
    folder.listed("gone.jpg gone.xml")
    done = call(main, folder.root, folder.list, folder.path / "other.txt")
    assert done.exit_code == 1 and "none of the 1 pictures could be read" in done.output
    assert not (folder.path / "other.txt").exists()
