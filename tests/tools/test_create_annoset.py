"""create_annoset, called as SSD's create_data.sh does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from annosets import Folder, records, thing, voc
from picture_files import content

from caffepy.tools.create_annoset import main

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "VOCdevkit").mkdir()
    made = Folder(tmp_path / "VOCdevkit")
    made.add(voc(thing("cat", 1, 2, 30, 40)))
    return made


def words(folder, *more):
    return ["--anno-type=detection", f"--label-map-file={folder.map}", "--min-dim=0",
            "--max-dim=0", "--resize-width=0", "--resize-height=0", "--check-label",
            "--encode-type=jpg", "--encoded", *more, folder.path, folder.list,
            "VOCdevkit/VOC0712/lmdb/VOC0712_test_lmdb", "examples/VOC0712"]


@pytest.mark.parametrize("program", [[sys.executable, SCRIPTS / "create_annoset.py"],
                                     [SCRIPTS / "create_annoset"]])
def test_the_tutorials_call(folder, tmp_path, program):
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run([*map(str, program), *map(str, words(folder, "--redo"))], cwd=tmp_path,
                          env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    link = tmp_path / "examples" / "VOC0712" / "VOC0712_test_lmdb"
    assert link.is_symlink() and os.path.isabs(os.readlink(link))
    (name, boxes), = records(link).items()
    assert name == "0.png" and boxes[0, 0] == 1
    assert b"\xff\xd8\xff" in content(link)[0][1]


def test_redo(call, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call(main, *words(folder)).exit_code == 0
    folder.add(voc(thing("dog", 1, 2, 30, 40)))
    link = Path("examples/VOC0712/VOC0712_test_lmdb")
    done = call(main, *words(folder))
    assert done.exit_code == 1 and "there already. --redo makes it anew." in done.output
    assert len(records(link)) == 1
    assert call(main, *words(folder, "--redo")).exit_code == 0
    assert len(records(link)) == 2


def test_a_picture_left_out_is_told_and_the_link_made(call, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder.add("<annotation>")
    done = call(main, *words(folder))
    assert done.exit_code == 1 and "1 of 2 pictures could not be read" in done.output
    assert len(records("examples/VOC0712/VOC0712_test_lmdb")) == 1


def test_links_take_the_place_of_links_alone(call, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "examples" / "VOC0712" / "VOC0712_test_lmdb"
    place.parent.mkdir(parents=True)
    place.symlink_to("nowhere")
    assert call(main, *words(folder)).exit_code == 0 and len(records(place)) == 1
    place.unlink()
    place.write_text("mine")
    done = call(main, *words(folder, "--redo"))
    assert done.exit_code == 1 and "what lies there is no link, and stays" in done.output
    assert place.read_text() == "mine"
    (*most, _) = words(folder, "--redo")
    done = call(main, *most, "VOCdevkit/VOC0712/lmdb")  # where the database is itself
    assert done.exit_code == 0, done.output
