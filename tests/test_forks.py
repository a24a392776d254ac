"""A forked child computes, reads and leaves, and its parent goes on as if it were alone."""

import contextlib
import logging
import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading

import h5py
import numpy as np
import pytest
from forking import Child, forked
from turning import DEEP, TEST, TRAIN, feed, numbers, parsed

from caffepy import forks, log
from caffepy.core.context import Context
from caffepy.core.net import Net
from caffepy.data.db import new_db, open_db
from caffepy.errors import CaffeError, DataError, DeviceError
from caffepy.kernels.onednn.library import load
from caffepy.parallel.local import Local, new_uid
from caffepy.proto import caffe_pb2, hdf5
from caffepy.proto.files import atomic_path
from caffepy.solvers.solver import Solver

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork"),
    # Python's own warning: this is what is tried here
    pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning"),
]


def net_of(prototxt=DEEP, phase=TRAIN, **settings):
    net = Net(parsed(prototxt), phase, context=Context(seed=5, threads=2), **settings)
    feed(net)
    return net


def equal(found, expected):
    for one, two in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, two)


# -- computing ----------------------------------------------------------------------------


@pytest.mark.parametrize("optimize", [False, True])
def test_a_child_computes_with_the_parents_net_and_with_its_own(optimize):
    net = net_of(optimize=optimize)
    expected = numbers(net)
    for _ in range(2):
        equal(forked(lambda: numbers(net)), expected)
        equal(forked(lambda: numbers(net_of(optimize=optimize))), expected)
        equal(numbers(net), expected)


def test_a_childs_child_computes():
    net = net_of()
    expected = numbers(net)
    equal(forked(lambda: (numbers(net), forked(lambda: numbers(net)))[1]), expected)


def test_backward_alone_knows_the_parents_forward():
    net = net_of()
    net.clear_param_diffs()
    net.forward()

    def gradients():
        net.backward()
        return [p.blob.diff.copy() for p in net.parameters]

    equal(forked(gradients), gradients())


def test_a_pool_of_multiprocessing_computes():
    net = net_of(phase=TEST)
    expected = net.forward()
    global at_work  # what a pool calls must have a name
    at_work = net.forward
    with multiprocessing.get_context("fork").Pool(2) as pool:
        results = [pool.apply_async(_work) for _ in range(4)]
        assert [result.get(60) for result in results] == [expected] * 4


def _work():
    return at_work()


def test_a_child_is_forked_from_a_thread_while_another_computes():
    net, other = net_of(), net_of()
    expected = numbers(net)
    stop = threading.Event()

    def train():
        while not stop.is_set():
            numbers(other)

    found = []
    trainer = threading.Thread(target=train)
    trainer.start()
    forker = threading.Thread(target=lambda: found.extend(
        forked(lambda: numbers(net)) for _ in range(5)))
    forker.start()
    forker.join(120)
    stop.set()
    trainer.join(60)
    assert len(found) == 5
    for one in found:
        equal(one, expected)


def test_several_threads_fork_at_once(tmp_path):
    path = str(database(tmp_path / "db"))
    readers = [open_db(path, "lmdb") for _ in range(4)]
    labels = [[] for _ in readers]

    def work(i):
        for _ in range(10):
            labels[i] += [key for key, _ in readers[i].take(1)]
            labels[i] += forked(lambda: [key for key, _ in readers[i].take(1)])
            readers[i].next()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert labels == [[b"%05d" % i for i in range(20)]] * 4
    for reader in readers:
        reader.close()


def test_who_fails_around_a_fork_keeps_nobody_else_from_being_asked(caplog):
    class Failing:
        def before_fork(self):
            raise ValueError

    class Witness:
        asked = 0

        def before_fork(self):
            self.asked += 1

    things = Witness(), Failing(), Witness()
    for thing in things:
        forks.watch(thing)
    for _ in range(2):
        assert forked(lambda: things[0].asked) == things[2].asked
    assert things[0].asked == things[2].asked == 2
    assert "before_fork of Failing failed" in caplog.text


def test_the_parent_trains_on_while_children_run():
    net = net_of()
    expected = numbers(net)
    children = [Child(lambda: numbers(net)) for _ in range(3)]
    equal(numbers(net), expected)
    for child in children:
        equal(child.result(), expected)


WIDE = """layer { name: "x" type: "DummyData" top: "x" top: "t" dummy_data_param {
  shape { dim: 4 dim: 700 } shape { dim: 4 dim: 800 } data_filler { type: "gaussian" }
  data_filler { type: "constant" value: 1 } } }
layer { name: "f" type: "InnerProduct" bottom: "x" top: "f" inner_product_param {
  num_output: 800 weight_filler { type: "xavier" } } }
layer { name: "l" type: "EuclideanLoss" bottom: "f" bottom: "t" top: "l" }
"""


def solver_of(prototxt, **settings):
    param = caffe_pb2.SolverParameter(
        base_lr=0.001, lr_policy="fixed", momentum=0.9, max_iter=100, random_seed=3,
        **settings)
    param.net_param.CopyFrom(parsed(prototxt))
    return Solver(param, context=Context(seed=3, threads=2))


@pytest.mark.parametrize("shown", [True, False])
def test_a_child_trains_on(shown, monkeypatch):
    """The threads of the update are there, which the parent's net has started."""
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    with solver_of(WIDE, snapshot_diff=shown) as solver, solver_of(WIDE) as other:
        assert solver.updater._threads == 2
        solver.step(2)
        other.step(4)

        def weights(of):
            return [p.blob.data.copy() for p in of.net.parameters]

        equal(forked(lambda: (solver.step(2), weights(solver))[1]), weights(other))
        solver.step(2)
        equal(weights(solver), weights(other))


def test_without_a_way_to_end_threads_the_child_says_so(monkeypatch):
    net = net_of()
    numbers(net)
    library = load()
    monkeypatch.setattr(library, "pause", None)

    def refused():
        with pytest.raises(DeviceError, match="libgomp 9"):
            net.forward()
        found = []
        thread = threading.Thread(target=lambda: found.append(net.forward()))
        thread.start()
        thread.join()
        return found

    assert forked(refused) == [net.forward()]


# -- reading ------------------------------------------------------------------------------


def database(path, backend="lmdb", count=23, encoded=False):
    rng = np.random.default_rng(1)
    with new_db(str(path), backend) as db:
        for i in range(count):
            datum = caffe_pb2.Datum(label=i)
            if encoded:
                import cv2

                image = rng.integers(0, 256, (80, 80, 3), np.uint8)
                datum.data, datum.encoded = cv2.imencode(".png", image)[1].tobytes(), True
            else:
                datum.channels, datum.height, datum.width = 1, 2, 2
                datum.data = bytes([i % 256] * 4)
            db.put(b"%05d" % i, datum.SerializeToString())
    return path


DATA = """layer {{ name: "d" type: "Data" top: "x" top: "y" data_param {{ source: "{0}"
  backend: {1} batch_size: 3 prefetch: 4 }} transform_param {{ mirror: true }} }}
"""


def batches(net, count):
    found = []
    for _ in range(count):
        net.forward()
        found += [net.blobs["x"].data.copy(), net.blobs["y"].data.copy()]
    return found


def reading(path, backend="LMDB", phase=TRAIN):
    return Net(parsed(DATA.format(path, backend)), phase, context=Context(seed=2))


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("used", [0, 1, 5, 9])
def test_a_child_reads_on_where_the_net_was(tmp_path, encoded, used, monkeypatch):
    monkeypatch.setenv("CAFFEPY_DECODERS", "3")
    path = database(tmp_path / "db", encoded=encoded)
    alone = batches(reading(path), used + 12)
    net = reading(path)
    batches(net, used)
    children = [Child(lambda: batches(net, 12)) for _ in range(2)]
    equal(batches(net, 6), alone[2 * used : 2 * used + 12])
    late = Child(lambda: (batches(net, 6), net.close())[0])
    for child in children:
        equal(child.result(), alone[2 * used :])
    equal(late.result(), alone[2 * used + 12 :])
    equal(batches(net, 6), alone[2 * used + 12 :])
    net.close()


def test_a_child_makes_its_own_net_of_a_database_that_the_parent_reads(tmp_path):
    path = database(tmp_path / "db")
    net = reading(path)
    expected = batches(net, 4)
    child = Child(lambda: batches(reading(path), 4))
    after = batches(net, 4)
    equal(child.result(), expected)
    net.close()
    equal(batches(reading(path), 8)[8:], after)


def test_a_record_that_is_appended_meanwhile_is_no_harm(tmp_path):
    path = str(database(tmp_path / "db", count=300))
    with open_db(path, "lmdb") as reader:
        labels = [caffe_pb2.Datum.FromString(v).label for _, v in reader.take(7)]

        def append():
            with open_db(path, "lmdb", "append") as db:
                db.put(b"99999", caffe_pb2.Datum(label=300).SerializeToString())

        forked(append)
        found = forked(lambda: [caffe_pb2.Datum.FromString(v).label for _, v in reader.take(400)])
        labels += [caffe_pb2.Datum.FromString(v).label for _, v in reader.take(400)]
    assert labels == list(range(301)) and found == labels[7:]


def test_a_closed_reader_stays_closed(tmp_path):
    reader = open_db(str(database(tmp_path / "db")), "lmdb")
    reader.close()
    forked(lambda: None)
    with pytest.raises(DataError, match="closed"):
        reader.seek_to_first()


IMAGES = """layer {{ name: "d" type: "ImageData" top: "x" top: "y" image_data_param {{
  source: "{0}" batch_size: 3 shuffle: true }} }}
"""


def test_lists_of_pictures_go_on_too(tmp_path):
    import cv2

    lines = []
    for i in range(7):
        cv2.imwrite(str(tmp_path / f"{i}.png"), np.full((4, 4, 3), i, np.uint8))
        lines.append(f"{tmp_path / str(i)}.png {i}\n")
    (tmp_path / "list.txt").write_text("".join(lines))

    def net_():
        return Net(parsed(IMAGES.format(tmp_path / "list.txt")), TRAIN, context=Context(seed=2))

    alone = batches(net_(), 8)
    net = net_()
    batches(net, 3)
    equal(forked(lambda: batches(net, 5)), alone[6:])
    equal(batches(net, 5), alone[6:])
    net.close()


ROWS = """layer {{ name: "d" type: "HDF5Data" top: "x" top: "y" hdf5_data_param {{
  source: "{0}" batch_size: 3 }} }}
"""


@pytest.mark.parametrize("whole", [1 << 28, 0])
def test_rows_of_hdf5_go_on_too(tmp_path, monkeypatch, whole):
    from caffepy.data import hdf5_rows

    monkeypatch.setattr(hdf5_rows, "WHOLE", whole)
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        file["x"] = np.arange(20.0).reshape(10, 2)
        file["y"] = np.arange(10.0)
    (tmp_path / "list.txt").write_text(f"{tmp_path / 'rows.h5'}\n")

    def net_():
        return Net(parsed(ROWS.format(tmp_path / "list.txt")), TRAIN, context=Context(seed=2))

    alone = batches(net_(), 8)
    net = net_()
    batches(net, 3)
    equal(forked(lambda: batches(net, 5)), alone[6:])
    equal(batches(net, 5), alone[6:])


def test_a_leveldb_stays_the_parents(tmp_path):
    pytest.importorskip("plyvel")
    path = database(tmp_path / "db", "leveldb")
    alone = batches(reading(path, "LEVELDB"), 8)
    net = reading(path, "LEVELDB")
    batches(net, 2)

    def refused():
        with pytest.raises(DataError, match="forked"):
            net.forward()
        with pytest.raises(DataError, match="one process at a time"):
            reading(path, "LEVELDB")
        net.close()

    forked(refused)
    equal(batches(net, 6), alone[4:])
    net.close()


# -- locks that others hold at the moment of forking ----------------------------------------


def test_locks_that_another_thread_holds_are_no_trap(tmp_path):
    path = str(database(tmp_path / "db"))
    stop = threading.Event()
    logger = logging.getLogger(log.ROOT)

    def busy():
        while not stop.is_set():
            with open_db(path, "lmdb") as db:
                db.take(3)
            logger.error("busy")
            hdf5.write_net(tmp_path / f"{threading.get_ident()}.h5", [])

    logger.addHandler(quiet := logging.StreamHandler(open(os.devnull, "w")))
    shown, logger.propagate = logger.propagate, False
    threads = [threading.Thread(target=busy) for _ in range(3)]
    for thread in threads:
        thread.start()

    def work():
        logger.error("child")
        hdf5.write_net(tmp_path / "child.h5", [])
        with open_db(path, "lmdb") as db:
            return len(db.take(100))

    try:
        assert [forked(work) for _ in range(20)] == [23] * 20
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
        logger.removeHandler(quiet)
        logger.propagate = shown
        quiet.stream.close()


# -- leaving ------------------------------------------------------------------------------

LEAVING = """
import gc, os, sys, threading
import numpy as np
import caffe
from caffepy.data.db import new_db, open_db
from caffepy.proto import caffe_pb2
how = sys.argv[1]
{body}
def leave():
    if how == "_exit":
        os._exit(0)
    if how == "raise":
        sys.stderr = open(os.devnull, "w")
        raise RuntimeError("the child")
    if how == "collect":
        for name in list(globals()):
            if name not in ("os", "gc"):
                del globals()[name]
        gc.collect()
        os._exit(0)
    sys.exit(0)
{fork}
"""


def run(tmp_path, how, body, fork):
    script = tmp_path / "leave.py"
    script.write_text(LEAVING.format(body=textwrap.dedent(body), fork=textwrap.dedent(fork)))
    done = subprocess.run([sys.executable, "-W", "ignore", str(script), how], cwd=tmp_path,
                          timeout=120, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["fine"], done.stdout + done.stderr


HOW = pytest.mark.parametrize("how", ["_exit", "exit", "raise", "collect"])


@HOW
def test_leaving_does_not_touch_the_readers_of_a_database(tmp_path, how):
    database(tmp_path / "db")
    (tmp_path / "n.prototxt").write_text(DATA.format("db", "LMDB"))
    run(tmp_path, how, """
        net = caffe.Net("n.prototxt", caffe.TRAIN)
        net.forward()
        """, """
        pid = os.fork()
        if not pid:
            net.forward()
            leave()
        labels = [net.forward()["y"].copy() for _ in range(3)]
        os.waitpid(pid, 0)
        labels += [net.forward()["y"].copy() for _ in range(3)]
        assert np.concatenate(labels).tolist() == [i % 23 for i in range(3, 21)]
        import lmdb
        mine = str(os.getpid())
        from caffepy.data import db_lmdb
        (env, _), = db_lmdb._environments._handles.values()
        rows = env.env.readers().splitlines()[1:]
        there = [row.split()[0] for row in rows if row.split()[2] != "-"]
        # what a process that was killed leaves, the next that opens the database takes away
        assert [pid for pid in there if os.path.exists(f"/proc/{pid}")] == [mine], rows
        print("fine")
        """)


@HOW
@pytest.mark.parametrize("backend", ["lmdb", "leveldb"])
def test_leaving_does_not_touch_a_database_that_is_written(tmp_path, how, backend):
    if backend == "leveldb":
        pytest.importorskip("plyvel")
    run(tmp_path, how, f"""
        count = 2500
        backend = {backend!r}
        """, """
        with new_db("new", backend) as db:
            for i in range(count):
                if i == 1700:
                    pid = os.fork()
                    if not pid:
                        leave()
                    os.waitpid(pid, 0)
                db.put(b"%05d" % i, caffe_pb2.Datum(label=i).SerializeToString())
        with open_db("new", backend) as db:
            assert len(db.take(9999)) == count
        assert not [name for name in os.listdir() if "tmp" in name]
        print("fine")
        """)


@HOW
def test_leaving_does_not_touch_a_file_that_is_written(tmp_path, how):
    run(tmp_path, how, """
        open("n.prototxt", "w").write('''
        layer { name: "x" type: "Input" top: "x" top: "y" input_param {
          shape { dim: 2 dim: 3 } shape { dim: 2 } } }
        layer { name: "o" type: "HDF5Output" bottom: "x" bottom: "y"
          hdf5_output_param { file_name: "out.h5" } }''')
        net = caffe.Net("n.prototxt", caffe.TEST)
        """, """
        def step(i):
            net.blobs["x"].data[...] = i
            net.blobs["y"].data[...] = i
            net.forward()
        for i in range(300):
            if i in (1, 150):
                pid = os.fork()
                if not pid:
                    leave()
                os.waitpid(pid, 0)
            step(i)
        del net
        gc.collect()
        import h5py
        with h5py.File("out.h5") as file:
            assert (file["label"][:].ravel() == np.repeat(np.arange(300), 2)).all()
        assert not [name for name in os.listdir() if "part" in name], os.listdir()
        print("fine")
        """)


def test_a_file_that_is_begun_stays_the_parents(tmp_path):
    target = tmp_path / "weights"
    for how in (None, KeyboardInterrupt):
        with contextlib.ExitStack() as stack:
            stack.enter_context(atomic_path(target)).write_text("parent")

            def leave(stack=stack, how=how):
                if how is None:
                    return stack.close()
                with pytest.raises(how), stack:
                    raise how

            forked(leave)
            assert not target.exists() and len(list(tmp_path.iterdir())) == 1
        assert target.read_text() == "parent"
        target.unlink()


# -- workers and GPUs ---------------------------------------------------------------------


def test_a_child_of_a_worker_takes_no_part():
    uid = new_uid()
    workers = [None, None]

    def come(rank):
        workers[rank] = Local(uid, rank, 2)

    threads = [threading.Thread(target=come, args=(rank,)) for rank in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    def part():
        with pytest.raises(CaffeError, match="takes no part"):
            workers[0].agree(1)
        for worker in workers:
            assert all(c.fileno() < 0 for c in (*worker._steps.values(), *worker._news.values()))
            worker.close()

    forked(part)
    arrays = [np.full(5, 1, np.float32), np.full(5, 3, np.float32)]
    averaging = [threading.Thread(target=workers[rank].average, args=(arrays[rank],))
                 for rank in (0, 1)]
    for thread in averaging:
        thread.start()
    for thread in averaging:
        thread.join(60)
    assert all((array == 2).all() for array in arrays)
    for worker in workers:
        worker.close()


def test_a_worker_alone_goes_on_in_the_child():
    with Local(new_uid(), 0, 1) as worker:
        worker.start(np.ones(3, np.float32))
        worker.finish()

        def work():
            array = np.ones(3, np.float32)
            worker.start(array)
            worker.finish()
            return array.tolist()

        assert forked(work) == [1, 1, 1]


def test_a_gpu_is_refused_in_a_child(fake_gpu):
    net = Net(parsed(DEEP), TEST, context=Context(seed=1, device=0))
    feed(net)
    net.forward()

    def refused():
        with pytest.raises(DeviceError, match="CUDA does not allow"):
            net.forward()
        return net_of(phase=TEST).forward() > 0

    assert forked(refused)
    net.forward()


# -- the order ----------------------------------------------------------------------------


def test_who_came_last_is_asked_first_before_and_who_is_gone_is_not_asked():
    said = []

    class Witness:
        def __init__(self, name):
            self.name = name
            forks.watch(self)

        def before_fork(self):
            said.append(f"before {self.name}")

        def after_fork_in_parent(self):
            said.append(f"parent {self.name}")

        def after_fork_in_child(self):
            said.append(f"child {self.name}")

    one, two, three = (Witness(name) for name in "abc")
    del two
    assert forked(lambda: said) == ["before c", "before a", "child a", "child c"]
    assert said == ["before c", "before a", "parent a", "parent c"]
    assert one and three
