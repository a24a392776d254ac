"""caffepy test: each batch and the means, and how much of the data was seen."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import numpy as np
import pytest
from cli.nets import messages, write_net

from caffepy import TEST, Net

NUMBER = r"-?[\d.]+(?:e[-+]\d+)?"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_net(tmp_path)
    return tmp_path


def test_a_report_takes_all_records_unless_told_how_many(call) -> None:
    with h5py.File("x.h5", "w") as file:
        file["data"], file["label"] = np.ones((240, 3), "f4"), np.ones(240, "f4")
    Path("list.txt").write_text("x.h5\n")
    net = Path("net.prototxt").read_text()
    start = net.index('layer { name: "ip"')
    data = """layer { name: "data" type: "HDF5Data" top: "data" top: "label"
      hdf5_data_param { source: "list.txt" batch_size: 4 } }\n"""
    Path("net.prototxt").write_text(data + net[start:])
    Net("net.prototxt", TEST).save("w.caffemodel")
    words = ("test", "-model=net.prototxt", "-weights=w.caffemodel", "--logtostderr")
    done = call(*words, "-report=r")
    assert done.exit_code == 0 and "Running for 60 iterations." in messages(done.stderr)
    assert "items" in Path("r/report.json").read_text()
    for more in (["-report=r", "-iterations=50"], ["-iterations=50", "-report=r"], []):
        done = call(*words, *more)
        assert "Running for 50 iterations." in messages(done.stderr)
    done = call("-iterations=2", *words, "-report=r")
    assert "Running for 2 iterations." in messages(done.stderr)
    done = call(*words, "-labels=labels.txt")
    assert done.exit_code == 1 and "-labels names classes in a report" in done.stderr


def test_test_scores_the_test_phase(call) -> None:
    Net("net.prototxt", TEST).save("w.caffemodel")
    done = call("test", "-model=net.prototxt", "-weights=w.caffemodel",
                "-iterations=3", "--logtostderr")
    assert done.exit_code == 0
    lines = messages(done.stderr)
    start = lines.index("Running for 3 iterations.")
    values: dict[str, list[float]] = {"accuracy": [], "loss": []}
    for batch in range(3):
        for i, name in enumerate(values):
            found = re.fullmatch(
                f"Batch {batch}, {name} = ({NUMBER})", lines[start + 1 + 2 * batch + i])
            values[name].append(float(found[1]))
    assert len(set(values["loss"])) == 3        # random data: three batches, not one
    tail = lines[start + 7:]
    mean = float(re.fullmatch(f"Loss: ({NUMBER})", tail[0])[1])
    assert mean == pytest.approx(sum(values["loss"]) / 3, rel=1e-5)
    assert tail[1] == f"accuracy = {sum(values['accuracy']) / 3:g}"
    assert tail[2] == f"loss = {mean:g} (* 1 = {mean:g} loss)"
    assert len(tail) == 3


@pytest.mark.parametrize("iterations, said", [
    (2, "iterations 2 x batch_size 4 = 8 of the 10 records of layer 'data': the rest is not "
     "tested. -iterations 3 covers all."),
    (3, None),
    (4, "of the 10 records of layer 'data': some count twice. -iterations 3 is enough."),
])
def test_a_test_of_a_part_says_so(call, folder: Path, iterations, said) -> None:
    with h5py.File("x.h5", "w") as file:
        file["data"], file["label"] = np.zeros((10, 3), np.float32), np.zeros(10, np.float32)
    (folder / "list").write_text("x.h5\n")
    net = (folder / "net.prototxt").read_text()
    start, end = net.index("layer {"), net.index('layer { name: "ip"')
    (folder / "net.prototxt").write_text(
        net[:start] + 'layer { name: "data" type: "HDF5Data" top: "data" top: "label" '
        'hdf5_data_param { source: "list" batch_size: 4 } }\n' + net[end:])
    Net("net.prototxt", TEST).save("w.caffemodel")
    done = call("test", "-model=net.prototxt", "-weights=w.caffemodel", f"-iterations={iterations}",
                "--logtostderr")
    assert done.exit_code == 0
    assert said in done.stderr if said else "records" not in done.stderr
