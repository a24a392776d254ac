from __future__ import annotations

import logging
from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from support import build

from caffepy.core.context import Context
from caffepy.data import hdf5_rows
from caffepy.errors import ConfigError, DataError, NotFound, ShapeError
from caffepy.layers.data.hdf5_data import HDF5Data

LINE = 'type: "HDF5Data" top: "x" top: "y" hdf5_data_param {{ source: "list.txt" {} }}'


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(*counts: int, types=("f4", "f8"), names=("x", "y")) -> None:
    """Files 0.h5, 1.h5...; row r of all rows is x = [[r, r + .5], ...] (3 x 2), y = r."""
    first = 0
    for i, count in enumerate(counts):
        rows = np.arange(first, first + count)
        with h5py.File(f"{i}.h5", "w") as file:
            file[names[0]] = (rows[:, None, None] + np.array([0, 0.5]) + np.zeros((3, 1))).astype(
                types[0])
            file[names[1]] = rows.astype(types[1])
        first += count
    Path("list.txt").write_text("".join(f"{i}.h5\n" for i in range(len(counts))))


def make(more: str, **arguments):
    return build(LINE.format(more), **arguments)


def batches(built, count: int) -> list[list[int]]:
    """The rows of so many batches, after a look that x belongs to y."""
    layer, bottom, top = built
    found = []
    for _ in range(count):
        layer.forward(bottom, top)
        y = top[1].data.copy()
        assert_array_equal(top[0].data, y[:, None, None] + np.array([0, 0.5]) + np.zeros((3, 1)))
        found.append([int(r) for r in y])
    return found


@pytest.fixture(params=["whole", "in slices"])
def size(request, monkeypatch):
    """Small files are read whole, large ones by the rows that are needed: same rows."""
    if request.param == "in slices":
        monkeypatch.setattr(hdf5_rows, "WHOLE", 0)


def test_batches_run_over_the_ends_of_files(size):
    write(3, 1, 4)
    built = make("batch_size: 5")
    assert [blob.shape for blob in built[2]] == [(5, 3, 2), (5,)]
    assert batches(built, 4) == [[0, 1, 2, 3, 4], [5, 6, 7, 0, 1], [2, 3, 4, 5, 6], [7, 0, 1, 2, 3]]
    built[0].close()


def test_a_batch_longer_than_all_files(size):
    write(2, 1)
    assert batches(make("batch_size: 8"), 1) == [[0, 1, 2, 0, 1, 2, 0, 1]]


@pytest.mark.parametrize("types", [("i4", "u1"), ("f8", "i8"), ("f4", "f2")])
def test_kinds_of_numbers(types, size):
    write(3, types=types)
    layer, bottom, top = make("batch_size: 3")
    layer.forward(bottom, top)
    assert top[0].data.dtype == np.float32
    assert_array_equal(top[1].data, [0, 1, 2])


def test_shuffle_gives_every_row_once_an_epoch_in_ever_new_order(size):
    write(5, 7)
    built = make("batch_size: 6 shuffle: true")
    epochs = [sum(batches(built, 2), []) for _ in range(6)]
    for rows in epochs:
        assert sorted(rows) == list(range(12))
        # files stay together; it is their order and the order within them that changes
        assert set(rows[:5]) == set(range(5)) or set(rows[:7]) == set(range(5, 12))
    assert len({tuple(rows) for rows in epochs}) == 6
    assert {rows[0] < 5 for rows in epochs} == {True, False}
    assert sum(batches(make("batch_size: 6 shuffle: true"), 2), []) == epochs[0]
    assert sum(batches(make("batch_size: 6 shuffle: true", seed=2), 2), []) != epochs[0]
    built[0].close()


def test_whole_and_sliced_reading_shuffle_alike(monkeypatch):
    write(5, 7)
    whole = batches(make("batch_size: 4 shuffle: true"), 9)
    monkeypatch.setattr(hdf5_rows, "WHOLE", 0)
    built = make("batch_size: 4 shuffle: true")
    assert batches(built, 9) == whole
    built[0].close()


@pytest.mark.parametrize("shuffle", ["", "shuffle: true"])
def test_position_is_all_that_is_needed_to_go_on(shuffle, size):
    write(3, 4)
    first, second = (make(f"batch_size: 2 {shuffle}") for _ in range(2))
    batches(first, 5)
    assert first[0].position == 10
    batches(second, 2)
    second[0].position = 10
    assert batches(first, 6) == batches(second, 6)
    first[0].close()
    second[0].close()


def test_the_seed_that_a_snapshot_brings(size):
    """With the position; what was read already is in the other seed's order."""
    write(6)
    first, second = (make("batch_size: 3 shuffle: true", seed=seed) for seed in (1, 2))
    batches(first, 1)
    first[0].context.seed, first[0].position = 2, 0
    expected = batches(second, 2)
    assert batches(first, 2) == expected
    first[0].position = 3
    assert batches(first, 1) == expected[1:]
    first[0].close(), second[0].close()


@pytest.mark.parametrize("phase", [0, 1])
def test_workers_take_turns_in_training_only(phase, size):
    write(4, 3)
    found = []
    for rank in range(2):
        spec = make("batch_size: 3")[0].spec
        context = Context(engines=("reference",), seed=1, rank=rank, size=2)
        layer = HDF5Data(spec, phase=phase, context=context)
        _, bottom, top = make("batch_size: 3")
        layer.setup(bottom, top)
        found.append(sum(batches((layer, bottom, top), 3), []))
        layer.close()
    if phase == 0:
        assert found == [[0, 2, 4, 6, 1, 3, 5, 0, 2], [1, 3, 5, 0, 2, 4, 6, 1, 3]]
    else:
        assert found == [[0, 1, 2, 3, 4, 5, 6, 0, 1]] * 2


@pytest.mark.parametrize("content", [
    b"\xef\xbb\xbf0.h5\r\n\r\n 1.h5 \r\n", b"0.h5\r1.h5", "\ufeff0.h5\n1.h5\n".encode("utf-16-le"),
])
def test_lists_as_any_editor_writes_them(content):
    write(2, 1)
    Path("list.txt").write_bytes(content)
    built = make("batch_size: 3")
    assert batches(built, 1) == [[0, 1, 2]]
    built[0].close()


def test_files_can_be_rewritten_while_a_net_that_read_them_whole_lives():
    write(3)
    built = make("batch_size: 3")
    batches(built, 1)
    write(3)  # HDF5 refuses this while a reader has the file open
    assert batches(built, 1) == [[0, 1, 2]]


def test_transform_param_is_refused():
    write(3)
    with pytest.raises(ConfigError, match="does not transform data"):
        build(LINE.format("batch_size: 2") + " transform_param { scale: 2 }")


@pytest.mark.parametrize("line, kind, words", [
    ("source: 'list.txt'", ConfigError, "needs a batch_size"),
    ("batch_size: 2", ConfigError, "needs a source"),
    ("source: 'none.txt' batch_size: 2", NotFound, "Failed to open source file: none.txt"),
    ("source: '0.h5' batch_size: 2", DataError, "text file that lists HDF5 files"),
    ("source: 'blank.txt' batch_size: 2", DataError, "at least 1 HDF5 filename"),
    ("source: 'missing.txt' batch_size: 2", NotFound, "File not found: gone.h5.*missing.txt"),
    ("source: 'self.txt' batch_size: 2", DataError, "self.txt cannot be read as HDF5"),
])
def test_bad_sources(line, kind, words):
    write(3)
    Path("blank.txt").write_text("\n\n")
    Path("missing.txt").write_text("0.h5\ngone.h5\n")
    Path("self.txt").write_text("self.txt\n")
    with pytest.raises(kind, match=words):
        build(f'type: "HDF5Data" top: "x" top: "y" hdf5_data_param {{ {line} }}')


def test_datasets_that_do_not_fit():
    write(3, 2)
    for content, kind, words in (
        ({"x": np.zeros((2, 3, 2)), "label": np.zeros(2)}, DataError, "1.h5 has no dataset 'y'"),
        ({"x": np.zeros((2, 3, 2)), "y": np.zeros(3)}, ShapeError, "equally many rows"),
        ({"x": np.zeros((2, 4, 2)), "y": np.zeros(2)}, ShapeError,
         r"equally many numbers \(found \(4, 2\) in 'x'; allowed: \(3, 2\), as in 0.h5\)"),
        ({"x": np.zeros((2, 3, 2)), "y": np.array([b"a", b"b"])}, ShapeError, "array of numbers"),
        ({"x": np.zeros((2, 3, 2)), "y": np.float32(1)}, ShapeError, "array of numbers"),
    ):
        with h5py.File("1.h5", "w") as file:
            file.update(content)
        with pytest.raises(kind, match=words):
            make("batch_size: 2")
    write(3, names=("X", "y"))
    with pytest.raises(DataError, match=r"no dataset 'x' \(found X, y\). Did you mean X\?"):
        make("batch_size: 2")
    write(0, 0)
    with pytest.raises(DataError, match="no rows"):
        make("batch_size: 2")


def test_rows_of_other_shapes_and_equally_many_numbers(size, caplog, monkeypatch):
    """N labels in one file, N x 1 in the next; the original compares no more than the count."""
    monkeypatch.setattr(logging.getLogger("caffepy"), "propagate", True)
    write(3, 2, 2)
    for name, x, y in (("1", (2, 3, 2, 1), (2, 1)), ("2", (2, 3, 1, 2), (2, 1, 1))):
        with h5py.File(f"{name}.h5", "a") as file:
            for key, shape in (("x", x), ("y", y)):
                values = file[key][()].reshape(shape)
                del file[key]
                file[key] = values
    for settings in ("batch_size: 2", "batch_size: 7"):
        built = make(settings)
        assert [blob.shape[1:] for blob in built[2]] == [(3, 2), ()]
        assert sum(batches(built, 7), [])[:14] == [*range(7), *range(7)]
        built[0].close()
    assert not caplog.records
    built = make("batch_size: 7 shuffle: true")
    assert sorted(batches(built, 1)[0]) == list(range(7))
    built[0].close()
    with h5py.File("1.h5", "a") as file:
        del file["x"]
        file["x"] = np.zeros((2, 2, 3))
    make("batch_size: 2")[0].close()
    assert "1.h5: rows of 'x' are (2, 3), and are taken as (3, 2)" in caplog.text


def test_empty_files_among_others_are_passed_over(size):
    write(2, 0, 1)
    built = make("batch_size: 4")
    assert batches(built, 1) == [[0, 1, 2, 0]]
    built[0].close()
