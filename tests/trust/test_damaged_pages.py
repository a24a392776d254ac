"""Databases whose pages were damaged: an error or whole records, never the end of the process.

The damaged ones are read in a process of their own, so that a crash would be seen.
"""

from __future__ import annotations

import logging
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from caffepy.data.datum import from_array
from caffepy.data.db import open_db
from caffepy.errors import DataError

RECORDS = 300
PAGE = 4096
TREE, RECORDS_TREE, LAST_COMMIT = 40, 88, 144  # where in a head
HEAD = {"low": 12, "high": 14, "kind": 10, "number": 0}

# reads db, damaged in many ways, and prints how it went: damage, outcome, records read
READ = """
import random, shutil, sys
from pathlib import Path
from caffepy.data.db import open_db
from caffepy.errors import CaffeError

backend, name, tries, keys = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
random = random.Random(7)
good = (Path("good") / name).read_bytes()
for _ in range(tries):
    data, way = bytearray(good), random.choice(["bits", "head", "zeros", "noise", "cut"])
    start = random.randrange(len(data) // 512) * 512
    if backend == "lmdb":
        start -= start % 4096
    if way in ("bits", "head"):
        within = (0, len(data)) if way == "bits" else (start, min(start + 120, len(data)))
        for _ in range(random.randint(1, 3)):
            data[random.randrange(*within)] ^= 1 << random.randrange(8)
    elif way == "cut":
        del data[random.randrange(len(data)):]
    else:
        part = data[start : start + 4096]
        data[start : start + 4096] = bytes(len(part)) if way == "zeros" else \\
            random.randbytes(len(part))
    shutil.rmtree("db", ignore_errors=True)
    shutil.copytree("good", "db")
    (Path("db") / name).write_bytes(data)
    count = 0
    try:
        with open_db("db", backend) as db:
            for key in keys:
                count += bool(db.look_up(key.encode()))
            for key, value in () if keys else db:
                count += 1
        print(way, "read", count)
    except CaffeError as error:
        assert "db" in str(error), error
        print(way, "error", count)
"""


def make(backend: str, count: int = RECORDS, long: bool = True, parts: int = 2) -> None:
    """So many commits; every third record has pages of its own in an LMDB."""
    random = np.random.default_rng(0)
    for part in range(parts):
        with open_db("good", backend, "append" if part else "new") as db:
            for i in range(part * count // parts, (part + 1) * count // parts):
                size = 8 if i % 3 or not long else 70
                picture = random.integers(0, 256, (1, size, size), np.uint8)
                db.put(f"{i:06d}".encode(), from_array(picture, 0).SerializeToString())


def outcomes(backend: str, name: str, tries: int, *keys: str) -> list[list[str]]:
    done = subprocess.run([sys.executable, "-c", READ, backend, name, str(tries), *keys],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line.split() for line in done.stdout.splitlines()]
    assert len(lines) == tries
    return lines


@pytest.mark.parametrize("long", [False, True])
def test_an_lmdb_with_damaged_pages(long, folder):
    make("lmdb", long=long)
    lines = outcomes("lmdb", "data.mdb", 200)
    assert {way for way, *_ in lines} == {"bits", "head", "zeros", "noise", "cut"}
    # a damaged head gives way to that of the commit before
    assert {count for _, outcome, count in lines if outcome == "read"} <= {
        str(RECORDS), str(RECORDS // 2)}
    assert all(outcome == "error" for way, outcome, _ in lines if way == "cut")
    assert sum(outcome == "error" for _, outcome, _ in lines) > 60


def test_records_of_a_damaged_lmdb_by_their_keys(folder):
    """As a shuffled Data layer reads them, and without having gone through them before."""
    make("lmdb")
    lines = outcomes("lmdb", "data.mdb", 150, "000007", "000120", "000003")
    assert {count for _, outcome, count in lines if outcome == "read"} == {"3"}
    assert sum(outcome == "error" for _, outcome, _ in lines) > 45


def test_a_leveldb_with_a_damaged_table(folder):
    make("leveldb")
    (table,) = Path("good").glob("*.ldb")  # of the first writes; opening it again made it
    lines = outcomes("leveldb", table.name, 40)
    assert all(outcome == "error" for _, outcome, _ in lines)


def test_a_leveldb_with_a_damaged_log(folder):
    make("leveldb")
    log = max(Path("good").glob("*.log"))
    lines = outcomes("leveldb", log.name, 40)
    for way, outcome, count in lines:
        if way == "cut":  # of a write that is not all there nothing is
            assert (outcome, count) == ("read", str(RECORDS // 2))
        else:
            assert outcome == "error", way


def test_a_leveldb_whose_last_write_is_not_all_there(folder, caplog):
    make("leveldb")
    log = max(Path("good").glob("*.log"))
    whole = log.read_bytes()
    caplog.set_level(logging.WARNING, "caffepy")
    for cut, said in ((0, 0), (len(whole), 0), (len(whole) - 40, 1), (20000, 1), (3, 1)):
        shutil.rmtree("db", ignore_errors=True)
        shutil.copytree("good", "db")
        (Path("db") / log.name).write_bytes(whole[:cut])
        caplog.clear()
        with open_db("db", "leveldb") as db:
            assert len(list(db)) == (RECORDS if cut == len(whole) else RECORDS // 2)
        assert sum("ends in the middle of a write" in text for text in caplog.messages) == said


def patched(at: int, value: bytes) -> None:
    """``good`` as ``db`` with other bytes at a place of data.mdb."""
    shutil.rmtree("db", ignore_errors=True)
    shutil.copytree("good", "db")
    with open("db/data.mdb", "r+b") as file:
        file.seek(at)
        file.write(value)


def pages(kind: int) -> list[int]:
    """The pages of a kind, after a single commit: 1 branches, 2 leaves, 4 long values."""
    data = Path("good/data.mdb").read_bytes()
    return [i for i in range(2, len(data) // PAGE)
            if struct.unpack_from("=Q2xH", data, i * PAGE) == (i, kind)]


def fails(words: str) -> None:
    with pytest.raises(DataError, match=words), open_db("db", "lmdb") as db:
        list(db)


def test_what_is_wrong_with_a_page_is_told(folder):
    make("lmdb", parts=1)
    root, leaf, long = pages(1)[-1], pages(2)[-1], pages(4)[-1]
    for page, where, value, words in (
        (leaf, "number", b"\1", f"page {leaf} of data.mdb cannot be right .found page "),
        (leaf, "kind", b"\4", f"page {leaf} .*of kind 0x4"),
        (leaf, "low", b"\xff\xff", f"page {leaf} "),
        (leaf, "high", b"\xff\xff", f"page {leaf} "),
        (root, "low", b"\x12\0", f"page {root} .*1 nodes"),
        (long, "low", b"\1\0\0\0", f"page {long} .*1 pages of kind 0x4, numbered {long}, for"),
        (long, "low", b"\xff\xff\xff\xff", f"page {long} .*4294967295 pages"),
        (long, "number", b"\xff", f"page {long} "),
    ):
        patched(page * PAGE + HEAD[where], value)
        fails(f"^db: the LMDB is damaged: {words}.*Copy it again")
    patched(leaf * PAGE + 16, b"\xfc\xff")
    fails(f"page {leaf} .*a node outside it")
    patched(0, bytes(PAGE * 2))
    fails("cannot be used")
    patched(PAGE, bytes(PAGE))
    fails("page 1 of data.mdb cannot be right .found a head unlike that of page 0")
    patched(TREE, struct.pack("=I", 0))
    fails("page 0 of data.mdb cannot be right .found pages of 0 bytes")
    patched(LAST_COMMIT, struct.pack("=Q", 5))  # a fuzzer's: odd ones belong into page 1
    fails("page 1 of data.mdb cannot be right .found not the head of commit 5")
    patched(PAGE + RECORDS_TREE + 6, b"\xff\xff")
    fails("page 1 of data.mdb cannot be right .found a tree of kind 0x0, 65535 deep")
    patched(PAGE + RECORDS_TREE + 32, struct.pack("=Q", RECORDS + 1))
    fails(f"its head does not fit its pages .found {RECORDS} records in .*: {RECORDS + 1} in")


def test_a_branch_that_leads_back_to_itself(folder):
    make("lmdb", parts=1)
    root = pages(1)[-1]
    data = Path("good/data.mdb").read_bytes()
    (first,) = struct.unpack_from("=H", data, root * PAGE + 16)
    patched(root * PAGE + first, struct.pack("=HHH", root & 0xFFFF, root >> 16, 0))
    fails(f"page {root} .*of kind 0x1")


def test_appending_to_a_file_that_was_cut_short(folder):
    make("lmdb")
    with open("good/data.mdb", "r+b") as file:
        file.truncate(20 * PAGE)
    with pytest.raises(DataError, match="cut short"):
        open_db("good", "lmdb", "append")


def test_a_reader_among_writers(folder):
    """The head of a reader's commit may be overwritten while it opens; it looks again."""
    make("lmdb", 20)
    with open_db("good", "lmdb") as first:
        code = ("from caffepy.data.db import open_db\n"
                "for i in range(40):\n"
                "    with open_db('good', 'lmdb', 'append') as db: db.put(b'x%d' % i, b'v' * 50)\n")
        with subprocess.Popen([sys.executable, "-c", code]) as writer:
            counts = []
            while writer.poll() is None:
                with open_db("good", "lmdb") as db:
                    counts.append(len(list(db)))
        assert writer.returncode == 0
        assert len(list(first)) == 20
    assert counts == sorted(counts) and 20 <= counts[0] and counts[-1] <= 60
