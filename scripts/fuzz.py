#!/usr/bin/env python3
"""Feed a reader with bytes that a fuzzer mutates by the branches they reach.

    python3 -m pip install atheris
    scripts/fuzz.py prototxt -max_total_time=600        # or solver, wire, blob, state...

Whatever is raised must be a CaffeError; anything else ends the run and leaves a crash-* file here.
Further arguments are libFuzzer's; a folder among them holds the corpus. What was found belongs in
tests/trust/test_findings.py.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
with atheris.instrument_imports(include=["caffepy"]):
    from caffepy.core.upgrade import upgrade_net
    from caffepy.data import datum, db, db_lmdb, window_file  # noqa: F401  db finds db_lmdb itself
    from caffepy.errors import CaffeError
    from caffepy.proto import caffe_pb2, text, wire
    from caffepy.proto.blobs import take_blob
    from caffepy.proto.wirereader import Region
    from caffepy.services import log_reading

SCRATCH = Path(tempfile.mkdtemp()) / "file"


def prototxt(data: bytes) -> None:
    net = caffe_pb2.NetParameter()
    text.parse(data, net)
    upgrade_net(net)
    again = caffe_pb2.NetParameter()
    text.parse(text.to_text(net), again)
    # a payload of NaN differs from itself, so the serialized forms are compared
    if again.SerializeToString(deterministic=True) != net.SerializeToString(deterministic=True):
        raise AssertionError("what was printed reads back as something else")


def solver(data: bytes) -> None:
    text.parse(data, caffe_pb2.SolverParameter())


def region(data: bytes) -> Region:
    return Region.whole(memoryview(data), "bytes")


def on_file(read: Callable[[str], object]) -> Callable[[bytes], None]:
    def target(data: bytes) -> None:
        SCRATCH.write_bytes(data)
        read(str(SCRATCH))

    return target


def lmdb(data: bytes) -> None:
    folder = SCRATCH.with_name("lmdb")
    folder.mkdir(exist_ok=True)
    (folder / "data.mdb").write_bytes(data)
    with db.open_db(str(folder), "LMDB") as reader:
        for _ in reader:
            pass


TARGETS: dict[str, Callable[[bytes], object]] = {
    "prototxt": prototxt,
    "solver": solver,
    "wire": lambda data: wire.net_of(region(data)),
    "blob": lambda data: take_blob(region(data)),
    "state": on_file(wire.read_state),
    "datum": datum.decode,
    "lmdb": lmdb,
    "log": on_file(log_reading.read),
    "windows": on_file(lambda path: window_file.read_window_file(path, 0.5, 0.5)),
}


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"{__doc__}\nTargets: {', '.join(TARGETS)}")
    target = TARGETS[sys.argv.pop(1)]

    def one_input(data: bytes) -> None:
        try:
            target(data)
        except CaffeError:
            pass

    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
