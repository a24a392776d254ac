"""caffepy time: its lines, in nets with and without a loss."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli.nets import messages, write_net

NUMBER = r"-?[\d.]+(?:e[-+]\d+)?"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_net(tmp_path)
    return tmp_path


def test_time_names_every_layer_in_both_directions(call) -> None:
    done = call("time", "-model=net.prototxt", "-iterations=2", "--logtostderr")
    assert done.exit_code == 0
    lines = messages(done.stderr)
    start, end = lines.index("*** Benchmark begins ***"), lines.index("*** Benchmark ends ***")
    shapes = [re.sub(r"(time|forward|backward|pass|Backward|Time): [-\d.e+]+ ms", r"\1: N ms", line)
              for line in lines[start : end + 1]]
    assert shapes == [
        "*** Benchmark begins ***", "Testing for 2 iterations.",
        "Iteration: 1 forward-backward time: N ms.", "Iteration: 2 forward-backward time: N ms.",
        "Average time per layer: ",
        *(f"{name:>10}\t{way}: N ms." for name in ("data", "ip", "loss")
          for way in ("forward", "backward")),
        "Average Forward pass: N ms.", "Average Backward pass: N ms.",
        "Average Forward-Backward: N ms.", "Total Time: N ms.", "*** Benchmark ends ***",
    ]


def test_times_add_up(call) -> None:
    text = call("time", "-model=net.prototxt", "-iterations=5", "--logtostderr").stderr
    total = float(re.search(f"Total Time: ({NUMBER}) ms", text)[1])
    each = [float(number) for number in re.findall(f"-backward time: ({NUMBER}) ms", text)]
    layers = [float(n) for n in re.findall(f"\t(?:forward|backward): ({NUMBER}) ms", text)]
    average = f"Average (?:Forward|Backward) pass: ({NUMBER}) ms"
    passes = [float(n) for n in re.findall(average, text)]
    mean = float(re.search(f"Average Forward-Backward: ({NUMBER}) ms", text)[1])
    assert mean == pytest.approx(total / 5, rel=1e-4)
    assert sum(passes) == pytest.approx(sum(layers), rel=1e-4)
    # clocks and log lines take the rest, never more than all
    assert 0 < sum(layers) * 5 <= sum(each) <= total


def test_time_takes_the_phase(call) -> None:
    lines = messages(call("time", "-model=net.prototxt", "-iterations=1", "-phase=TEST").stderr)
    assert any(line.startswith("  accuracy\tforward: ") for line in lines)


# ------------------------------------------------------------------------- nets without a loss

DEPLOY = """
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 9 dim: 9 } } }
layer { name: "conv" type: "Convolution" bottom: "x" top: "conv"
  convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "a" type: "InnerProduct" bottom: "conv" top: "a"
  inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
layer { name: "b" type: "InnerProduct" bottom: "conv" top: "b"
  inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
"""


def backward(stderr: str) -> dict[str, float]:
    return {name: float(time)
            for name, time in re.findall(rf"(\S+)\tbackward: ({NUMBER}) ms", stderr)}


@pytest.mark.parametrize("phase", ["TRAIN", "TEST"])
def test_backward_starts_at_the_outputs_of_a_net_without_a_loss(call, folder, phase) -> None:
    (folder / "net.prototxt").write_text(DEPLOY)
    done = call("time", "-model=net.prototxt", "-iterations=2", f"-phase={phase}", "--logtostderr")
    assert done.exit_code == 0, done.output
    assert "each of its outputs (a, b) counts as one. -forward_only" in done.stderr
    times = backward(done.stderr)
    assert all(times[name] > 0 for name in ("conv", "relu", "a", "b")) and times["x"] == 0
    line = re.search(f"Average Backward pass: ({NUMBER}) ms", done.stderr)
    assert float(line[1]) == pytest.approx(sum(times.values()), rel=1e-3)
    if phase == "TRAIN":
        assert float(re.search(f"backward ({NUMBER}) ms, both", done.stderr)[1]) > 0


def test_what_has_no_gradient_is_left_out(call, folder) -> None:
    (folder / "net.prototxt").write_text(DEPLOY + """
layer { name: "best" type: "ArgMax" bottom: "a" top: "best" }
layer { name: "last" type: "InnerProduct" bottom: "best" top: "last"
  inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
""")
    done = call("time", "-model=net.prototxt", "-iterations=1", "--logtostderr")
    assert done.exit_code == 0, done.output
    assert "outputs (a, b, last)" in done.stderr
    times = backward(done.stderr)
    assert times["best"] == 0 and all(times[name] > 0 for name in ("conv", "a", "b", "last"))


def test_a_net_without_any_gradient(call, folder) -> None:
    (folder / "net.prototxt").write_text(
        DEPLOY.split("layer { name: \"conv\"")[0]
        + 'layer { name: "best" type: "ArgMax" bottom: "x" top: "best" }')
    done = call("time", "-model=net.prototxt", "-iterations=1", "--logtostderr")
    assert done.exit_code == 0 and "no layer with a gradient" in done.stderr


def test_stages_and_layers_of_the_phase_are_kept(call, folder) -> None:
    rule = 'include { phase: TEST stage: "s" min_level: 2 }'
    (folder / "net.prototxt").write_text(
        DEPLOY + f'layer {{ name: "more" type: "TanH" bottom: "a" top: "more" {rule} }}')
    call_ = ("time", "-model=net.prototxt", "-iterations=1", "-phase=TEST", "--logtostderr")
    assert "more" not in backward(call(*call_).stderr)
    assert backward(call(*call_, "-stage=s", "-level=2").stderr)["more"] > 0


@pytest.mark.parametrize("deploy", [True, False])
def test_forward_only(call, folder, deploy) -> None:
    if deploy:
        (folder / "net.prototxt").write_text(DEPLOY)
    done = call("time", "-model=net.prototxt", "-iterations=2", "-forward_only", "--logtostderr")
    lines = messages(done.stderr)
    lines = lines[lines.index("Performing Forward"):]
    assert not [line for line in lines if "ackward" in line]
    assert any(line.startswith("Iteration: 2 forward time: ") for line in lines)
    assert sum("\tforward: " in line for line in lines) == (5 if deploy else 3) + deploy
    assert lines[-1].startswith("As train runs the net: forward ")
