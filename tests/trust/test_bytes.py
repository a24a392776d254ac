"""Damaged and hostile files: cut short at every length, bits flipped, absurd sizes, links.

Whatever comes out is a CaffeError, and no reader asks for much more memory than its file has bytes.
"""

from __future__ import annotations

import resource
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caffepy.core.upgrade import read_net_param, read_solver_param
from caffepy.data import datum, image
from caffepy.data.datum import from_array
from caffepy.data.db import open_db
from caffepy.data.image_list import read_list
from caffepy.data.window_file import read_window_file
from caffepy.errors import CaffeError, DataError
from caffepy.proto import caffe_pb2, hdf5, wire
from caffepy.services import log_reading, log_seconds
from caffepy.solvers import keep, snapshot

ROOM = 8 << 20  # bytes that a reader of a file of a few KiB may have asked for in all
TRIES = 300

ARRAY = np.arange(6, dtype=np.float32).reshape(2, 3)
PNG = cv2.imencode(".png", np.arange(36, dtype=np.uint8).reshape(3, 4, 3))[1].tobytes()
JPEG = cv2.imencode(".jpg", np.arange(36, dtype=np.uint8).reshape(3, 4, 3))[1].tobytes()
PROTOTXT = """name: "net" # a comment
layer { name: 'a' type: "Data" top: "x" data_param { source: "\\"db\\n" batch_size: 0x10 }
  transform_param { scale: 3.9e-3 mean_value: [1, 2.5f, -3] } include < phase: TRAIN > }
"""
OLD = """input: "x" input_dim: [1, 2, 3, 4]
layers { type: CONVOLUTION name: "c" blobs_lr: 1 bottom: "x" top: "y" weight_decay: .5 }
"""
SOLVER = 'net: "a" base_lr: .1 lr_policy: "step" stepsize: 010 solver_type: ADAM iter_size: 2\n'
LOG = b"""Log file created at: 2024/11/22 16:29:33
I1122 16:29:33.283150  7 solver.cpp:1] Solving LeNet
I1122 16:29:34.283150  7 solver.cpp:1] Iteration 0 (1 iter/s, 1s/1 iters), loss = 2.3
I1122 16:29:35.283150  7 solver.cpp:1]     Train net output #0: loss = 2.3 (* 1 = 2.3 loss)
I1122 16:29:36.283150  7 sgd_solver.cpp:1] Iteration 0, lr = 0.01
"""
WINDOWS = b"# 0\na.png\n3\n20\n30\n2\n1 0.9 1 2 10 11\n0 0.1 3 4 20 12\n# 1\nb c.jpg\n1 5 5 0\n"


def net_bytes() -> bytes:
    net = caffe_pb2.NetParameter(name="n")
    wire.array_to_blob(ARRAY, net.layer.add(name="a", type="X").blobs.add(), ARRAY)
    old = net.layers.add(name="v", type=4)
    old.blobs.add(num=1, channels=1, height=1, width=2, data=[1, 2])
    old.layer.name = "z"
    return net.SerializeToString()


def state_bytes() -> bytes:
    state = caffe_pb2.SolverState(iter=3, learned_net="x", current_step=1, seed=3, losses=[1, 2])
    wire.array_to_blob(ARRAY, state.history.add())
    state.layer_state.add(net="train", layer="d", position=4)
    return state.SerializeToString()


def on_file(read: Callable[[str], object]) -> Callable[[bytes], object]:
    def run(data: bytes) -> object:
        Path("file").write_bytes(data)
        return read("file")

    return run


READERS: dict[str, tuple[bytes, Callable[[bytes], object]]] = {
    "prototxt": (PROTOTXT.encode(), on_file(read_net_param)),
    "old prototxt": (OLD.encode(), on_file(read_net_param)),
    "solver": (SOLVER.encode(), on_file(read_solver_param)),
    "caffemodel": (net_bytes(), on_file(wire.read_net)),
    "solverstate": (state_bytes(), on_file(snapshot.read_state)),
    "mean": (wire.array_to_blob(ARRAY).SerializeToString(), on_file(wire.read_blob)),
    "datum": (from_array(np.zeros((1, 2, 3), np.uint8), 7).SerializeToString(), datum.decode),
    "encoded": (caffe_pb2.Datum(encoded=True, data=PNG).SerializeToString(), datum.decode),
    "png": (PNG, image.decode),
    "jpeg": (JPEG, image.decode),
    "list": (b"a.png 1\nb c.png 2\n", on_file(read_list)),
    "windows": (WINDOWS, on_file(lambda path: read_window_file(path, 0.5, 0.5))),
    "log": (LOG, on_file(log_reading.read)),
    "seconds": (LOG, on_file(log_seconds.seconds)),
}  # fmt: skip


@pytest.fixture(params=sorted(READERS))
def reader(request):
    good, read = READERS[request.param]
    read(good)  # whole it is fine
    return good, read


def survives(read: Callable[[bytes], object], data: bytes) -> None:
    try:
        read(data)
    except CaffeError as error:
        assert str(error)
    except Exception as error:
        raise AssertionError(f"{type(error).__name__}: {error} for {data!r}") from error


def mutations(good: bytes) -> Iterator[bytes]:
    """Bits flipped, bytes put in, taken out and doubled, runs of FF: always the same ones."""
    random = np.random.default_rng(5)
    for _ in range(TRIES):
        data = bytearray(good)
        for _ in range(random.integers(1, 5)):
            at = int(random.integers(0, len(data) or 1))
            kind = random.integers(0, 5)
            if kind == 0 and data:
                data[at % len(data)] ^= 1 << int(random.integers(0, 8))
            elif kind == 1:
                data[at:at] = random.bytes(int(random.integers(1, 9)))
            elif kind == 2:
                del data[at : at + int(random.integers(1, 9))]
            elif kind == 3:
                data[at:at] = data[at : at + int(random.integers(1, 40))]
            else:
                data[at : at + 6] = b"\xff" * int(random.integers(1, 11))
        yield bytes(data)


def test_cut_short_at_every_length(reader):
    good, read = reader
    for length in range(len(good)):
        survives(read, good[:length])


def test_mutated(reader):
    good, read = reader
    read(good)
    tracemalloc.start()
    try:
        for data in mutations(good):
            survives(read, data)
        assert tracemalloc.get_traced_memory()[1] < ROOM
    finally:
        tracemalloc.stop()


@settings(max_examples=40, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300))
def test_any_bytes(reader, data):
    survives(reader[1], data)


@settings(max_examples=150, deadline=None)
@given(dims=st.lists(st.integers(-(1 << 63), (1 << 63) - 1), max_size=5),
       values=st.integers(0, 4))
def test_absurd_shapes_ask_for_no_memory(dims, values):
    blob = caffe_pb2.BlobProto(data=[1.0] * values)
    blob.shape.dim.extend(dims)
    tracemalloc.start()
    try:
        survives(lambda data: wire.blob_to_array(caffe_pb2.BlobProto.FromString(data)),
                 blob.SerializeToString())
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_pictures_take_no_memory_that_they_do_not_fill():
    """OpenCV's memory is not Python's, so the process is asked."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for good in (PNG, JPEG):
        for data in mutations(good):
            survives(image.decode, data)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10  # KiB


# -- HDF5 ---------------------------------------------------------------------------------


def write_weights() -> bytes:
    hdf5.write_net("good.h5", [("a", {0: (ARRAY, None), 1: (ARRAY[0], None)}),
                               ("b/c", {0: (ARRAY, None)})])
    return Path("good.h5").read_bytes()


def write_state() -> bytes:
    state = caffe_pb2.SolverState(iter=3, learned_net="x", seed=3)
    snapshot.write_state("good.h5", state, [ARRAY, ARRAY], True)
    return Path("good.h5").read_bytes()


@pytest.mark.parametrize("make, read", [
    (write_weights, hdf5.read_net), (write_state, snapshot.read_state)], ids=["weights", "state"])
def test_hdf5_cut_short_and_mutated(make, read, folder):
    good = make()
    for length in range(0, len(good), 97):
        survives(on_file(read), good[:length])
    for data in mutations(good):
        survives(on_file(read), data)


def other_file() -> None:
    with h5py.File("other.h5", "w") as file:
        file["0"] = ARRAY
    Path("secret").write_bytes(b"0123456789" * 4)


def by_link(group: h5py.Group) -> None:
    group["0"] = h5py.ExternalLink("other.h5", "0")


def by_two_links(group: h5py.Group) -> None:
    group.file["way"] = h5py.ExternalLink("other.h5", "0")
    group["0"] = h5py.SoftLink("/way")


def by_storage(group: h5py.Group) -> None:
    group.create_dataset("0", (10,), "f4", external=[("secret", 0, 40)])


def by_parts(group: h5py.Group) -> None:
    layout = h5py.VirtualLayout((2, 3), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "0", (2, 3))
    group.create_virtual_dataset("0", layout)


@pytest.mark.parametrize("way", [by_link, by_two_links, by_storage, by_parts])
def test_hdf5_that_leads_out_of_its_file(way, folder):
    other_file()
    with h5py.File("state.h5", "w") as file:
        file["iter"] = [3]
        way(file.create_group("history"))
    with pytest.raises(DataError, match="links to another file"):
        snapshot.read_state("state.h5")
    with h5py.File("net.h5", "w") as file:
        way(file.create_group("data/a"))
    try:
        weights = hdf5.read_net("net.h5")
    except DataError as error:
        assert "links to another file" in str(error) and way in (by_storage, by_parts)
    else:
        assert weights.layers == [] and way in (by_link, by_two_links)  # links are not followed


def test_a_whole_group_elsewhere(folder):
    other_file()
    with h5py.File("other.h5", "a") as file:
        file["data/a/0"] = ARRAY
    with h5py.File("net.h5", "w") as file:
        file["data"] = h5py.ExternalLink("other.h5", "data")
    with pytest.raises(DataError, match="dataset '/data/a/0' links to another file"):
        hdf5.read_net("net.h5")


@pytest.mark.parametrize("chunks", [None, True])
def test_hdf5_of_absurd_size(chunks, folder):
    """HDF5 keeps no byte of what was never written, so a small file may claim anything."""
    with h5py.File("net.h5", "w") as file:
        file.create_dataset("data/a/0", (1 << 36,), "f4", chunks=chunks)
    with pytest.raises(DataError, match="larger than what is stored"):
        hdf5.read_net("net.h5")
    with h5py.File("state.h5", "w") as file:
        file["iter"] = [3]
        file.create_dataset("history/0", (1 << 36,), "f4", chunks=chunks)
    with pytest.raises(DataError, match="larger than what is stored"):
        snapshot.read_state("state.h5")


# -- LMDB ---------------------------------------------------------------------------------


def test_lmdb_cut_short_at_every_page(folder):
    with open_db("db", "LMDB", "new") as db:
        for i in range(300):
            picture = np.full((1, 8, 8), i % 256, np.uint8)
            db.put(f"{i:06d}".encode(), from_array(picture, 0).SerializeToString())
    good = Path("db/data.mdb").read_bytes()
    for length in {*range(0, len(good), 4096), *range(0, 4096, 509), len(good) - 1}:
        Path("db/data.mdb").write_bytes(good[:length])
        with pytest.raises(CaffeError), open_db("db", "LMDB") as reader:
            reader.take(1000)


@pytest.mark.parametrize("sizes", ["\u00b2 20 30 1", "3 20 30 " + "1" * 5000])
def test_digits_that_are_no_number(sizes, folder):
    Path("windows").write_text(f"# 0\na.png\n{sizes}\n1 0.9 1 2 10 11\n")
    with pytest.raises(DataError, match="this picture's sizes are not right"):
        read_window_file("windows", 0.5, 0.5)
    Path("windows").write_text("# 0\na.png\n3 20 30 1\n1 0.9 1 2 inf 11\n")
    with pytest.raises(DataError, match="whole numbers"):
        read_window_file("windows", 0.5, 0.5)


def test_a_state_that_counts_below_0(folder):
    from solvers.conftest import SETTINGS, SMALL

    from caffepy.proto import text
    from caffepy.solvers.solver import create_solver

    param = caffe_pb2.SolverParameter(snapshot_prefix="snap")
    text.parse(SMALL + SETTINGS + 'snapshot_prefix: "snap"', param)
    with create_solver(param) as solver:
        path = solver.snapshot()
        state, history = snapshot.read_state(path)
        for change in ({"iter": -1}, {"current_step": -2}):
            bad = caffe_pb2.SolverState()
            bad.CopyFrom(state)
            bad.MergeFrom(caffe_pb2.SolverState(**change))
            wire.write_state("bad", bad, history)
            with pytest.raises(DataError, match="counted below 0"):
                solver.restore("bad")
    assert keep.latest("snap") == path
