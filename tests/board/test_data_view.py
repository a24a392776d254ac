"""Data on the board: stores, surveys, what is shown."""

import os
import subprocess
import sys
import threading
import time

import board_files
import h5py
import numpy as np
import pytest

from caffepy.board.data import browsing, seen, thumbs
from caffepy.board.data.browsing import Choice
from caffepy.board.data.record import of_value
from caffepy.board.data.sources import Sources, names_of
from caffepy.board.data.survey import Survey
from caffepy.board.data.surveys import Surveys
from caffepy.board.data.suspicions import suspicions
from caffepy.board.data.thumbs import Thumbs
from caffepy.board.shelf import Shelf
from caffepy.data.datum import from_array
from caffepy.data.db import open_db
from caffepy.errors import ConfigError, DataError, NotFound
from caffepy.proto import caffe_pb2

ITEMS = board_files.records(23)


def write_all(folder):
    """The same records in each kind of store."""
    for kind in ("lmdb", "leveldb"):
        board_files.database(folder / f"a_{kind}", ITEMS, kind)
    (folder / "pictures").mkdir()
    lines = []
    for i, (picture, label) in enumerate(ITEMS):
        (folder / "pictures" / f"{i} x.png").write_bytes(board_files.png(picture))
        lines.append(f"pictures/{i} x.png {label}\n")
    (folder / "list.txt").write_text("".join(lines))
    with h5py.File(folder / "rows.h5", "w") as file:
        file["data"] = np.stack([picture for picture, _ in ITEMS]).astype(np.float32)
        file["label"] = np.array([label for _, label in ITEMS], np.float32)
    (folder / "notes.txt").write_text("no list\n")


def survey_of(folder, name):
    sources = Sources(Shelf([folder]))
    store = sources.store(sources.get(name))
    found = Survey(store.count())
    found.run(store)
    return found, store


@pytest.mark.parametrize("name, kind", [
    ("a_lmdb", "lmdb"), ("a_leveldb", "leveldb"), ("list.txt", "list"), ("rows.h5", "hdf5")])
def test_each_kind_of_store_has_the_same_records(folder, name, kind):
    write_all(folder)
    sources = Sources(Shelf([folder]))
    assert {one.name for one in sources.all()} == {
        "shelf/a_lmdb", "shelf/a_leveldb", "shelf/list.txt", "shelf/rows.h5"}
    source = sources.get(f"shelf/{name}")
    store = sources.store(source)
    assert source.kind == kind and store.count() == 23
    taken = list(store.take([0, 7, 22, 40]))
    assert [record.number for record in taken] == [0, 7, 22]
    for record in taken:
        picture, label = ITEMS[record.number]
        assert record.labels == [label] and not record.trouble
        assert (record.picture == picture).all()
    found, _ = survey_of(folder, f"shelf/{name}")
    assert found.done and found.looked == 23 and not found.trouble
    assert found.labels == {label: [one for _, one in ITEMS].count(label) for label in range(4)}
    assert found.sizes == {(1, 8, 8): 23}
    assert np.allclose(found.mean, np.mean([picture for picture, _ in ITEMS], 0))
    with pytest.raises(NotFound):
        sources.get("shelf/notes.txt")


def test_a_leveldb_is_read_while_another_has_it_and_stays_as_it_is(folder):
    path = board_files.database(folder / "held", ITEMS, "leveldb")
    with open_db(str(path), "leveldb", "append") as writer:  # a training's, say: it has the lock
        writer.put(b"99999999", from_array(*ITEMS[0]).SerializeToString())
        writer.commit()
        before = {entry.name: entry.stat().st_mtime_ns for entry in os.scandir(path)}
        found, store = survey_of(folder, "shelf/held")
        assert found.looked == 24 and not found.trouble  # what is in the log alone, too
        assert {entry.name: entry.stat().st_mtime_ns for entry in os.scandir(path)} == before
        assert [record.key for record in store.take([23])] == ["99999999"]


WRITER = """
import sys
import lmdb
with lmdb.open(sys.argv[1]).begin(write=True) as transaction:
    transaction.put(b"99999999", b"half")
    print("written", flush=True)
    sys.stdin.readline()
print("committed", flush=True)
"""


def test_an_lmdb_is_read_while_it_is_written(folder):
    """By another process, as LMDB wants it: what is committed is seen, and nobody waits."""
    path = board_files.database(folder / "grows", ITEMS)
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout.readline() == "written\n"
        assert survey_of(folder, "shelf/grows")[0].looked == 23
        writer.stdin.write("\n")
        writer.stdin.flush()
        assert writer.stdout.readline() == "committed\n"
        assert survey_of(folder, "shelf/grows")[0].broken == [23]


def test_a_list_reads_no_picture_outside_of_the_folders(folder, tmp_path):
    (tmp_path / "secret.png").write_bytes(board_files.png(ITEMS[0][0]))
    (folder / "in.png").write_bytes(board_files.png(ITEMS[0][0]))
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "list.txt").write_text(
        f"in.png 0\n../secret.png 1\n{tmp_path}/secret.png 2\nlink.png 3\ngone.png 4\n")
    found, store = survey_of(folder, "shelf/list.txt")
    assert found.broken == [1, 2, 3, 4]
    assert all(record.picture is None for record in store.take([1, 2, 3, 4]))


def test_no_link_leads_out_of_the_folders(folder, tmp_path):
    """Databases whose files are links, names in a link, numbers of HDF5 files in other files."""
    other = board_files.database(tmp_path / "other_lmdb", ITEMS)
    (tmp_path / "secret").write_bytes(bytes(range(200)))
    (folder / "in_lmdb").mkdir()
    (folder / "in_lmdb" / "data.mdb").symlink_to(other / "data.mdb")
    shelf = Shelf([folder])
    sources = Sources(shelf)
    with pytest.raises(NotFound):
        sources.get("shelf/in_lmdb")
    mine = board_files.database(folder / "mine_lmdb", ITEMS)
    (tmp_path / "words").write_text("secret\nwords\n")
    (folder / "labels.txt").symlink_to(tmp_path / "words")
    assert names_of(sources.get("shelf/mine_lmdb"), shelf) == {}
    with pytest.raises(ConfigError, match="outside of the folders"):
        seen.seen(board_files.write_net(folder, mine), "TRAIN", shelf)
    with h5py.File(folder / "x.h5", "w") as file:
        file["fine"] = np.zeros((3, 2))
        file.create_dataset("external", (200,), "u1", external=[(str(tmp_path / "secret"), 0, 200)])
        file["elsewhere"] = h5py.ExternalLink(str(folder / "rows.h5"), "/data")
    assert [record.picture.tolist() for record in sources.store(
        sources.get("shelf/x.h5")).take(range(9))] == [[0, 0]] * 3
    level = board_files.database(folder / "level", ITEMS, "leveldb")
    (level / "000001.ldb").symlink_to(tmp_path / "secret")
    with pytest.raises(DataError, match="is a link"):
        sources.store(sources.get("shelf/level")).count()


def test_what_is_suspicious_is_named(folder):
    same, other = board_files.quarter(0, seed=1), board_files.quarter(1, seed=2)
    items = [(board_files.quarter(i % 2, seed=100 + i), int(i >= 60)) for i in range(120)]
    items[5:8] = [(same, 0), (same, 0), (other, 0)]
    items[100] = (other, 1)  # as record 7, by another label
    items[50] = (np.full((1, 8, 8), 9, np.uint8), 0)
    path = board_files.database(folder / "odd_lmdb", items)
    with open_db(str(path), "lmdb", "append") as db:
        db.put(b"00000030", b"no datum")
        db.put(b"00000200", from_array(same, 40).SerializeToString())
    found, _ = survey_of(folder, "shelf/odd_lmdb")
    titles = "\n".join(one.title for one in suspicions(found))
    assert "cannot be read: 1 of 121" in titles
    assert "several times with different labels: 2" in titles
    assert "the same as an earlier one: 3" in titles
    assert "The labels come in runs" in titles and "59" in titles
    assert "one value everywhere: 1" in titles
    assert "times as frequent as label 40" in titles
    assert "Labels below 40 that do not occur: 38" in titles
    assert found.broken == [30] and found.marks[100] == [
        "the same bytes as record 7", "but another label than record 7"]
    shuffled = Survey(None)
    for i, (picture, label) in enumerate(board_files.records(200)):
        shuffled.add(of_value(i, b"", from_array(picture, label).SerializeToString()))
    assert not suspicions(shuffled)


def test_a_walk_ends_after_so_many_records_or_so_long(folder):
    board_files.database(folder / "a_lmdb", ITEMS)
    sources = Sources(Shelf([folder]))
    store = sources.store(sources.get("shelf/a_lmdb"))
    first = Survey(23)
    first.run(store, most=10)
    assert first.looked == 10 and first.ended and first.done
    second = Survey(23)
    second.run(store, seconds=-1)
    assert second.looked == 0 and second.ended


def test_a_survey_can_be_read_while_it_goes_on():
    records = [of_value(i, b"", from_array(picture, i // 3).SerializeToString())
               for i, (picture, _) in enumerate(board_files.records(3000))]
    found = Survey(3000)
    thread = threading.Thread(target=lambda: [found.add(one) for one in records])
    thread.start()
    looked = 0
    while thread.is_alive():
        now = found.glimpse()
        assert sum(now.labels.values()) == now.looked >= looked
        assert len(now.order) == sum(map(len, now.of_label.values())) == now.looked
        suspicions(now)
        looked = now.looked
    thread.join()
    assert found.looked == 3000


def test_records_are_chosen_by_number_name_and_marks(folder):
    board_files.database(folder / "a_lmdb", [*ITEMS, ITEMS[3]])
    (folder / "labels.txt").write_text("cat\ncaterpillar\ndog\nrat\n")
    shelf = Shelf([folder])
    sources = Sources(shelf)
    source = sources.get("shelf/a_lmdb")
    names = names_of(source, shelf)
    found = Surveys(shelf).of(sources, source, 30)
    labels = [label for _, label in ITEMS] + [ITEMS[3][1]]

    def those(*wanted):
        return [i for i, label in enumerate(labels) if label in wanted]

    assert list(browsing.numbers(Choice(), found, names)) == list(range(24))
    assert list(browsing.numbers(Choice("2"), found, names)) == those(2)
    assert list(browsing.numbers(Choice("cat"), found, names)) == those(0, 1)
    assert list(browsing.numbers(Choice("horse"), found, names)) == []
    assert list(browsing.numbers(Choice("", True), found, names)) == [3, 23]
    assert browsing.label_words([2, 0, 2], names) == "dog (2) × 2, cat (0)"
    small = Thumbs(shelf)
    small.prepare(sources, source, [23, 1])
    assert small.get(sources, source, 23) == small.get(sources, source, 3)
    assert small.labels(sources, source, 1) == [labels[1]]
    with pytest.raises(NotFound):
        small.get(sources, source, 24)


def test_boxes_of_annotated_records_are_drawn():
    one = caffe_pb2.AnnotatedDatum(type=0, datum=from_array(np.zeros((3, 40, 60), np.uint8)))
    group = one.annotation_group.add(group_label=2)
    group.annotation.add().bbox.MergeFrom(
        caffe_pb2.NormalizedBBox(xmin=0.25, ymin=0.25, xmax=0.75, ymax=0.75))
    record = of_value(0, b"k", one.SerializeToString())
    assert record.labels == [2] and record.boxes[0][1:5] == (0.25, 0.25, 0.75, 0.75)
    assert thumbs.drawn(record, {2: "dog"}, named=True).any()
    assert not thumbs.drawn(of_value(0, b"", one.datum.SerializeToString()), {}, True).any()


@pytest.mark.parametrize("shape", [(1, 5, 5), (3, 5, 5), (4, 5, 5), (7, 5, 5), (5, 5), (9,), ()])
def test_numbers_of_any_shape_have_a_picture(shape):
    made = thumbs.of_array(np.full(shape, np.nan, np.float32))
    assert made.ndim == 3 and made.shape[2] == 3 and made.dtype == np.uint8


def test_what_the_net_sees(folder, tmp_path):
    files = board_files.fill(folder)
    shelf = Shelf([folder])
    one, = seen.seen(files["net"], "TRAIN", shelf, count=4)
    assert one.layer == "data" and one.png.startswith(b"\x89PNG")
    assert "scale taken back" in one.titles[1]
    outside = board_files.database(tmp_path / "other_lmdb", ITEMS)
    with pytest.raises(ConfigError, match="outside of the folders"):
        seen.seen(board_files.write_net(folder, outside, name="o.prototxt"), "TRAIN", shelf)


def test_a_survey_begins_anew_when_the_data_change(folder):
    path = board_files.database(folder / "a_lmdb", ITEMS)
    shelf = Shelf([folder])
    sources, surveys = Sources(shelf), Surveys(shelf)
    source = sources.get("shelf/a_lmdb")
    first = surveys.of(sources, source, 30)
    assert surveys.of(sources, source, 30) is first
    time.sleep(0.02)
    with open_db(str(path), "lmdb", "append") as db:
        db.put(b"99999999", from_array(*ITEMS[0]).SerializeToString())
    assert surveys.of(sources, source, 30).looked == 24
