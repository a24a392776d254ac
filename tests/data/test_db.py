import gc
import os
import subprocess
import sys
import threading
from unittest import mock

import lmdb
import pytest

from caffepy.data import db_leveldb, db_lmdb
from caffepy.data.db import backend_name, new_db, open_db
from caffepy.errors import CaffeError, ConfigError, DataError, NotFound
from caffepy.proto import caffe_pb2

plyvel = pytest.importorskip("plyvel", reason="LevelDB needs plyvel")

BACKENDS = ["lmdb", "leveldb"]
RECORDS = [(b"%08d" % i, b"value %d" % i) for i in range(25)]
SHARED = {"lmdb": db_lmdb._environments, "leveldb": db_leveldb._databases}


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


@pytest.fixture
def path(tmp_path, backend):
    return make(tmp_path / "db", backend)


def make(path, backend, records=RECORDS):
    with new_db(str(path), backend) as db:
        for key, value in records:
            db.put(key, value)
    return str(path)


def test_round_trip(path, backend):
    with open_db(path, backend) as db:
        assert list(db) == RECORDS
        assert db.entries == 25
        assert list(db) == RECORDS, "a second walk starts anew"


def test_keys_come_in_their_order_not_in_that_of_writing(tmp_path, backend):
    with open_db(make(tmp_path / "db", backend, RECORDS[::-1]), backend) as db:
        assert list(db) == RECORDS


def test_cursor(path, backend):
    with open_db(path, backend) as db:
        assert (db.key, db.value) == RECORDS[0]
        db.next()
        assert (db.key, db.value) == RECORDS[1]
        assert db.skip(3) == 3
        assert (db.key, db.value) == RECORDS[4]
        assert db.take(2) == RECORDS[4:6]
        assert db.key == RECORDS[6][0]
        assert db.skip(0) == 0 and db.key == RECORDS[6][0]
        assert db.take(100) == RECORDS[6:]
        assert not db.valid and db.take(1) == [] and db.skip(1) == 0
        db.next()
        assert not db.valid
        db.seek_to_first()
        assert db.skip(24) == 24 and db.key == RECORDS[24][0] and db.valid
        assert db.skip(5) == 1 and not db.valid


def test_take_up_to_the_last_record_leaves_the_cursor_behind_it(path, backend):
    with open_db(path, backend) as db:
        assert len(db.take(25)) == 25
        assert not db.valid


def test_backend_by_name_and_by_enum():
    assert backend_name("LMDB") == backend_name(caffe_pb2.DataParameter.LMDB) == "lmdb"
    assert backend_name("leveldb") == backend_name(caffe_pb2.DataParameter.LEVELDB) == "leveldb"
    with pytest.raises(ConfigError, match="found lmbd.*Did you mean lmdb"):
        backend_name("lmbd")


def test_a_process_shares_what_lies_underneath_and_lets_go_of_it(path, backend, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(path)
    first, second = open_db(path, backend), open_db(str(link) + "/", backend)
    assert [users for _, users in SHARED[backend]._handles.values()] == [2]
    first.take(3)
    assert second.key == RECORDS[0][0], "each has a place of its own"
    first.close()
    first.close()
    assert second.take(25) == RECORDS
    del second
    gc.collect()
    assert not SHARED[backend]._handles, "a reader that was forgotten lets go too"
    with open_db(path, backend) as db:
        assert list(db) == RECORDS


def test_the_garbage_collector_may_come_while_a_database_is_opened(tmp_path, backend, monkeypatch):
    """It frees readers in the thread that is opening one, whose lock must not stop it."""
    old, new = make(tmp_path / "old", backend), make(tmp_path / "new", backend)
    shared = SHARED[backend]
    open_handle = shared._open

    def collect_and_open(path):
        gc.collect()
        return open_handle(path)

    def forget_and_open():
        forgotten = [open_db(old, backend), open_db(old, backend)]
        forgotten.append(forgotten)
        del forgotten
        with open_db(new, backend) as db:
            read.append(db.take(25))

    monkeypatch.setattr(shared, "_open", collect_and_open)
    read = []
    thread = threading.Thread(target=forget_and_open, daemon=True)
    thread.start()
    thread.join(60)
    assert read == [RECORDS]
    assert not shared._handles and not shared._lock.locked()


def test_closing_a_forgotten_reader_leaves_no_open_file(path, backend):
    def held():
        names = (os.path.join("/proc/self/fd", fd) for fd in os.listdir("/proc/self/fd"))
        return [name for name in names if os.path.realpath(name).startswith(path)]

    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("needs /proc")
    db = open_db(path, backend)
    assert held()
    db.close()
    assert not held()


def test_threads_read_at_once(path, backend):
    seen = []

    def read():
        with open_db(path, backend) as db:
            for _ in range(20):
                seen.append(list(db) == RECORDS)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 80


READ_AND_WAIT = """
import sys
from caffepy.data.db import open_db
with open_db(sys.argv[1], sys.argv[2]) as db:
    print(len(db.take(100)), flush=True)
    sys.stdin.readline()
    db.seek_to_first()
    print(len(db.take(100)), flush=True)
"""


def other_process(path, backend):
    return subprocess.Popen(
        [sys.executable, "-c", READ_AND_WAIT, path, backend],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )


def test_processes_read_one_lmdb_at_once(tmp_path):
    path = make(tmp_path / "db", "lmdb")
    with open_db(path, "lmdb") as db, other_process(path, "lmdb") as other:
        assert other.stdout.readline() == "25\n"
        assert list(db) == RECORDS
        assert other.communicate("\n")[0] == "25\n"


def test_a_leveldb_in_use_says_so(tmp_path):
    path = make(tmp_path / "db", "leveldb")
    with other_process(path, "leveldb") as other:
        assert other.stdout.readline() == "25\n"
        with pytest.raises(DataError, match="in use.*one process at a time.*LMDB"):
            open_db(path, "leveldb")
        assert other.communicate("\n")[0] == "25\n"


def test_lmdb_is_read_without_its_lock_file_where_there_can_be_none(tmp_path):
    path = make(tmp_path / "db", "lmdb")
    real = lmdb.open

    def read_only_disk(*args, lock=True, **options):
        if lock:
            raise lmdb.ReadonlyError("Permission denied")
        return real(*args, lock=lock, **options)

    with mock.patch.object(lmdb, "open", read_only_disk), open_db(path, "lmdb") as db:
        assert list(db) == RECORDS


def test_the_map_grows_with_the_records(tmp_path):
    big = [(b"%04d" % i, bytes([i % 251]) * 5000) for i in range(1500)]
    with mock.patch.object(db_lmdb, "FIRST_MAP", 1 << 16):
        path = make(tmp_path / "db", "lmdb", big)
    with open_db(path, "lmdb") as db:
        assert list(db) == big


def test_commits_come_by_count_and_by_bytes(tmp_path, backend):
    sizes = []
    with new_db(str(tmp_path / "db"), backend) as db:
        write = db._write
        db._write = lambda records: (sizes.append(len(records)), write(records))
        with mock.patch("caffepy.data.db.COMMIT_BYTES", 1 << 20):
            for i in range(2100):
                db.put(b"a%06d" % i, b"x")
            db.put(b"b", bytes(1 << 20))
            db.put(b"c", b"")
        assert db.count == 2102
    assert sizes == [1000, 1000, 101, 1]


def test_a_new_database_appears_when_complete(tmp_path, backend):
    path = tmp_path / "db"
    with new_db(str(path), backend) as db:
        db.put(b"k", b"v")
        assert not path.exists()
    assert os.listdir(tmp_path) == ["db"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_broken_off_database_leaves_nothing(tmp_path, backend, error):
    with pytest.raises(error), new_db(str(tmp_path / "db"), backend) as db:
        db.put(b"k", b"v")
        raise error
    assert os.listdir(tmp_path) == []


def test_a_write_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(DataError, match="db: the LMDB cannot be used: .*BAD_VALSIZE"):
        with new_db(str(tmp_path / "db"), "lmdb") as db:
            db.put(b"k" * 600, b"v")
    assert os.listdir(tmp_path) == []


def test_a_taken_name_is_refused(path, backend, tmp_path):
    with pytest.raises(DataError, match="name is taken.*Remove"):
        new_db(path, backend)
    with pytest.raises(DataError, match="name is taken"), new_db(str(tmp_path / "x"), backend):
        (tmp_path / "x").mkdir()  # taken meanwhile
    assert sorted(os.listdir(tmp_path)) == ["db", "x"]


def test_a_missing_parent_folder(tmp_path, backend):
    with pytest.raises(NotFound, match="no folder .*nowhere to write into"):
        new_db(str(tmp_path / "nowhere" / "db"), backend)


def test_append(path, backend):
    with open_db(path, backend, "append") as db:
        db.put(b"99999999", b"last")
        db.put(RECORDS[0][0], b"replaced")
    with open_db(path, backend) as db:
        records = list(db)
    assert records[0] == (RECORDS[0][0], b"replaced")
    assert records[1:] == RECORDS[1:] + [(b"99999999", b"last")]
    with pytest.raises(RuntimeError), open_db(path, backend, "append") as db:
        db.put(b"never", b"")
        raise RuntimeError
    with open_db(path, backend) as db:
        assert len(list(db)) == 26, "the database is still there, without what was not committed"


def test_missing_path(tmp_path, backend, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFound, match=f"nowhere: there is no such.*starts from {tmp_path}"):
        open_db("nowhere", backend)


def test_not_a_database(tmp_path, backend):
    with pytest.raises(DataError, match="not a database: it holds no"):
        open_db(str(tmp_path), backend)


def test_the_file_in_the_folder_is_not_the_database(tmp_path):
    path = make(tmp_path / "db", "lmdb")
    with pytest.raises(DataError, match="a database is a folder.*Name the folder"):
        open_db(path + "/data.mdb", "lmdb")


def test_other_backend(path, backend):
    other = BACKENDS[1 - BACKENDS.index(backend)]
    with pytest.raises(DataError, match=f"Set backend: {backend.upper()}"):
        open_db(path, other)


def test_unknown_mode(path, backend):
    with pytest.raises(CaffeError, match="unknown mode.*found rw"):
        open_db(path, backend, "rw")


def test_an_lmdb_cut_short_is_an_error_not_a_crash(tmp_path):
    path = make(tmp_path / "db", "lmdb", [(b"%d" % i, bytes(9000)) for i in range(50)])
    os.truncate(path + "/data.mdb", 40960)
    with pytest.raises(DataError, match="cut short.*found 40960 bytes.*Copy it again"):
        open_db(path, "lmdb")
    assert not SHARED["lmdb"]._handles


def test_rubbish_in_place_of_a_database(tmp_path):
    (tmp_path / "l").mkdir()
    (tmp_path / "l" / "data.mdb").write_bytes(b"rubbish" * 5000)
    with pytest.raises(DataError, match="the LMDB cannot be used"):
        open_db(str(tmp_path / "l"), "lmdb")
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "CURRENT").write_bytes(b"rubbish")
    with pytest.raises(DataError, match="the LevelDB cannot be used"):
        open_db(str(tmp_path / "v"), "leveldb")


def test_leveldb_without_plyvel(tmp_path):
    path = make(tmp_path / "db", "leveldb")
    with mock.patch.dict(sys.modules, {"plyvel": None}):
        with pytest.raises(NotFound, match="needs the package plyvel.*pip install plyvel"):
            open_db(path, "leveldb")
        with pytest.raises(NotFound, match="plyvel"):
            new_db(str(tmp_path / "new"), "leveldb")
    assert os.listdir(tmp_path) == ["db"]
