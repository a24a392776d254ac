"""A child that ends leaves its parent's readers, databases and files alone."""

import contextlib
import subprocess
import sys
import textwrap

import pytest
from forking import forked

from caffepy.proto.files import atomic_path

from .conftest import DATA, database, forking

pytestmark = forking

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
