"""TensorBoard's files, read back."""

import struct
import sys
from pathlib import Path

import pytest
from cli.nets import write_net, write_solver

from caffepy.errors import CaffeError
from caffepy.parallel.single import Single
from caffepy.services import job, tensorboard, training
from caffepy.solvers import measurements

pytest.importorskip("tensorboardX")


def events(folder):
    """Of each file of a folder, oldest first, the events; checksums are looked at."""
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.record_writer import masked_crc32c

    for path in sorted(Path(folder).iterdir()):
        data = path.read_bytes()
        found = []
        while data:
            (length,), (check,) = struct.unpack("<Q", data[:8]), struct.unpack("<I", data[8:12])
            assert check == masked_crc32c(data[:8])
            assert struct.unpack("<I", data[12 + length : 16 + length])[0] == masked_crc32c(
                data[12 : 12 + length])
            found.append(Event.FromString(data[12 : 12 + length]))
            data = data[16 + length :]
        yield found


def scalars(found):
    return [(value.tag, event.step, value.simple_value) for event in found
            for value in event.summary.value]


def train(**wanted):
    what, workers = job.prepare("solver.prototxt", Single(), tensorboard="board", **wanted)
    training.start(what, Single(), workers)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAFFEPY_ENGINE", "reference")
    write_net(tmp_path)
    write_solver(tmp_path, snapshot=2)


def test_the_numbers_are_those_of_the_measurements():
    train()
    (found,) = map(scalars, events("board"))
    expected = [(tag, line["iter"], pytest.approx(value)) for line in measurements.read(
        "small.jsonl") if line["type"] != "start" for tag, value in tensorboard.scalars(line)]
    assert found == expected
    by_tag = {}
    for tag, step, _ in found:
        by_tag.setdefault(tag, []).append(step)
    assert by_tag["train/loss"] == [0, 2, 4] and by_tag["train/lr"] == [0, 2]
    assert by_tag["test/accuracy"] == by_tag["test/loss"] == [0, 4]


def test_a_run_that_goes_on_supersedes_what_comes_after_its_snapshot():
    train(measurements=False)
    assert not Path("small.jsonl").exists()
    train(snapshot="small_iter_2.solverstate", measurements=False)
    first, second = events("board")
    assert [step for tag, step, _ in scalars(second) if tag == "train/loss"] == [2, 4]
    (start,) = [event for event in second if event.HasField("session_log")]
    assert (start.step, start.session_log.status) == (2, start.session_log.START)
    both = [[(tag, value) for tag, step, value in scalars(found)
             if step == 4 and "second" not in tag] for found in (first, second)]
    assert both[0] == both[1]


def test_lists_and_what_is_no_number():
    line = {"type": "test", "net": 1, "iter": 3, "outputs": {"a": [1.0, None, 3.0], "b": None}}
    assert list(tensorboard.scalars(line)) == [("test1/a/0", 1.0), ("test1/a/2", 3.0)]


def test_what_cannot_be_is_said_before_training(monkeypatch):
    Path("taken").write_text("")
    with pytest.raises(CaffeError, match="taken: TensorBoard's files cannot be written"):
        tensorboard.check("taken")
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CaffeError, match=r"needs tensorboardX.*pip install \"caffepy\[tensorb"):
        train()
