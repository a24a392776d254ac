"""plot -rate: how rate, momentum and decay will go."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import text_format

from caffepy.cli.main import main as caffepy
from caffepy.proto import caffe_pb2
from caffepy.services import schedule

COSINE = ('base_lr: 0.1 lr_policy: "cosine" stepsize: 100 max_iter: 300 warmup_iter: 10 '
          'momentum: 0.5 momentum_policy: "poly" weight_decay: 0.1 weight_decay_policy: "poly"')


def curves(line):
    return schedule.curves(text_format.Parse(line, caffe_pb2.SolverParameter()), "it")


def test_what_changes_has_a_curve():
    assert list(curves('base_lr: 1 lr_policy: "fixed" max_iter: 5')) == ["learning rate"]
    found = curves(COSINE)
    assert list(found) == ["learning rate", "momentum", "weight decay"]
    assert found["momentum"].y[0] == 0.5 and found["weight decay"].y[0] == 0
    rate = dict(zip(found["learning rate"].x, found["learning rate"].y, strict=True))
    assert rate[0] == 0 and rate[5] == pytest.approx(0.05) and rate[100] == pytest.approx(0.1)


@pytest.mark.parametrize("line, before, after", [
    ('lr_policy: "multistep" stepvalue: [77777] gamma: 0.1', (77776, 1), (77777, 0.1)),
    ('lr_policy: "multifixed" stagelr: [3, 2] stageiter: [55555, 55556]', (55555, 3), (55556, 2)),
    ('lr_policy: "step" stepsize: 33333 gamma: 0.5', (66665, 0.5), (66666, 0.25)),
    ('lr_policy: "cosine" stepsize: 33333', (33332, 0), (33333, 1))])
def test_a_jump_is_upright_however_long_the_run(line, before, after):
    found = curves(f"base_lr: 1 max_iter: 1000000 {line}")["learning rate"]
    at = dict(zip(found.x, found.y, strict=True))
    assert len(at) < 2 * schedule.POINTS
    for iteration, value in (before, after):
        assert at[iteration] == pytest.approx(value, abs=1e-6)


def test_a_plateau_is_not_known_before():
    found = curves('base_lr: 1 lr_policy: "plateau" gamma: 0.1 plateau_winsize: 5 max_iter: 99')
    curve = found["learning rate"]
    assert curve.label == "it, until the loss stays" and set(curve.y) == {1}


def test_the_command(call, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="matplotlib is an extra")
    monkeypatch.chdir(tmp_path)
    Path("a.prototxt").write_text(COSINE)
    Path("b.prototxt").write_text('base_lr: 0.2\nlr_policy: "fixed" max_iter: 9')
    done = call(caffepy, "plot", "-rate", "-out=r.svg", "a.prototxt", "b.prototxt")
    assert done.exit_code == 0, done.output
    drawn = Path("r.svg").read_text()
    assert drawn.count("<g id=\"axes_") == 3
    Path("b.prototxt").write_text('base_lr: 0.2\nlr_policy: "fixde" max_iter: 9')
    done = call(caffepy, "plot", "-rate", "b.prototxt")
    assert done.exit_code == 1 and "b.prototxt: Unknown learning rate policy" in done.output
    Path("b.prototxt").write_text('base_lr: 0.2\nlr_policy: "fixed"')
    done = call(caffepy, "plot", "-rate", "b.prototxt")
    assert done.exit_code == 1 and "there is no max_iter" in done.output
