"""A bottom whose maker is left out by its rules: which layer, rule and state, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from caffepy.cli.main import main
from caffepy.core.net import Net
from caffepy.errors import CaffeError
from caffepy.proto import caffe_pb2
from caffepy.solvers.solver import create_solver

DATA = ('layer { name: "d" type: "DummyData" top: "d" dummy_data_param { shape { dim: 2 dim: 3 } } '
        '%s }\n')
FC = ('layer { name: "fc" type: "InnerProduct" bottom: "d" top: "f" %s '
      'inner_product_param { num_output: 1 } }\n')
REST = ('layer { name: "act" type: "Sigmoid" bottom: "f" top: "f" }\n'
        'layer { name: "act2" type: "Sigmoid" bottom: "f" top: "f" }\n'
        'layer { name: "l" type: "Reduction" bottom: "f" top: "l" loss_weight: 1 }\n')
SOLVER = ('net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 1 '
          "snapshot_after_train: false ")
TESTS = "test_iter: 1 test_interval: 1 "


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(data: str = "", fc: str = "", solver: str = "") -> None:
    Path("net.prototxt").write_text(DATA % data + FC % fc + REST)
    Path("s.prototxt").write_text(SOLVER + solver)


def call(*arguments: str) -> str:
    done = CliRunner().invoke(main, list(arguments))
    return done.output if done.exit_code else ""


def test_a_stage_that_the_net_to_train_alone_is_given():
    write(fc='include { stage: "s0" }', solver=TESTS)
    out = call("train", "-solver=s.prototxt", "-stage=s0")
    assert ("error: test net #0, net.prototxt:3: Unknown bottom blob 'f' (layer 'act', bottom "
            "index 0). Layer 'fc' (net.prototxt:2) makes it, but its rule include { stage: "
            '"s0" } leaves it out of this net (phase TEST, level 0, stages none). Add test_state '
            '{ stage: "s0" } to the solver, one for each test net') in out
    write(fc='include { stage: "s0" }', solver=TESTS + 'test_state { stage: "s0" }')
    assert not call("train", "-solver=s.prototxt", "-stage=s0")


def test_the_net_to_train_without_its_stage():
    write(fc='include { stage: "s0" stage: "s1" min_level: 2 }', solver=TESTS)
    out = call("train", "-solver=s.prototxt", "-stage=s1")
    assert "error: net.prototxt:3: Unknown bottom" in out
    assert "(phase TRAIN, level 0, stages s1)" in out
    assert ('Add train_state { level: 2 stage: "s0" } to the solver, or give -level 2 '
            "-stage s1,s0.") in out
    out = call("train", "-solver=s.prototxt", "-stage=s0,s1", "-level=2")
    assert "error: test net #0" in out  # as in the original, they are the net to train's


def test_the_second_of_several_test_nets():
    write(fc='include { stage: "s0" }',
          solver="test_iter: 1 test_iter: 1 test_interval: 1 train_state { stage: 's0' } "
                 "test_state { stage: 's0' } test_state { stage: 'other' }")
    out = call("check", "s.prototxt")
    assert "error: test net #1, net.prototxt:3: Unknown bottom blob 'f'" in out
    assert "(phase TEST, level 0, stages other)" in out


@pytest.mark.parametrize("arguments, cure", [
    (("time", "-model=net.prototxt"), 'Give -stage s0, or in Python Net(..., stages=[\'s0\'])'),
    (("time", "-model=net.prototxt", "-phase=TEST"), "phase TEST, level 0, stages none"),
    (("time", "-model=net.prototxt", "-stage=s1"), "phase TRAIN, level 0, stages s1"),
    (("test", "-model=net.prototxt", "-weights=w.caffemodel"), "Give -stage s0"),
])
def test_other_commands(arguments, cure):
    write()
    Net("net.prototxt", caffe_pb2.TRAIN).save("w.caffemodel")
    write(fc='include { stage: "s0" }')
    assert cure in call(*arguments)
    if arguments[0] in ("time", "test"):
        assert not call(*arguments, "-iterations=1", "-stage=s0,s1")


def net_error(phase: int, **more) -> str:
    with pytest.raises(CaffeError) as caught:
        Net("net.prototxt", phase, **more)
    return str(caught.value)


def test_data_of_the_other_phase():
    """The most usual of all: a net for training taken as it is for use."""
    write(data="include { phase: TRAIN }")
    said = net_error(caffe_pb2.TEST)
    assert "Layer 'd' (net.prototxt:1) makes it, but its rule include { phase: TRAIN }" in said
    assert said.endswith("Add a data layer with include { phase: TEST } that makes 'd', or, to use "
                         "the net without data, an Input layer.")
    write(data="include { phase: TRAIN }", solver=TESTS)
    with pytest.raises(CaffeError) as caught:
        create_solver("s.prototxt")
    assert str(caught.value).startswith("test net #0, net.prototxt:2: Unknown bottom blob 'd'")
    assert str(caught.value).endswith("include { phase: TEST } that makes 'd'.")
    write(data="exclude { phase: TRAIN }")
    said = net_error(caffe_pb2.TRAIN)
    assert "its rule exclude { phase: TRAIN } leaves it out" in said
    assert said.endswith("Add a data layer with include { phase: TRAIN } that makes 'd'.")


def test_the_maker_that_fits_best_is_named():
    write(data="include { phase: TRAIN }")
    text = Path("net.prototxt").read_text()
    Path("net.prototxt").write_text(
        text + (DATA % 'include { phase: TEST stage: "real" }').replace('name: "d"', 'name: "e"'))
    said = net_error(caffe_pb2.TEST)
    assert "Layer 'e' (net.prototxt:6) makes it" in said
    assert "Give -stage real" in said


@pytest.mark.parametrize("rule, state, words", [
    ('include { stage: "a" } include { phase: TEST stage: "b" }', {}, 'Give -stage a, or'),
    ("include { min_level: 3 }", {"level": 1}, "Give -level 3, or in Python Net(..., level=3)."),
    ("include { max_level: 3 }", {"level": 5}, "level 5, stages none). Give -level 3"),
    ('include { not_stage: "a" }', {"stages": ["a"]}, "Change the rule, or the stages"),
    ('exclude { stage: "a" }', {"stages": ["a"]}, 'its rule exclude { stage: "a" } leaves'),
    ('include { stage: "a" stage: "b" }', {"stages": ["a"]},
     "Give -stage a,b, or in Python Net(..., stages=['a', 'b'])."),
    ("include { phase: TEST }", {}, "Take out the rule, or write a layer for phase TRAIN that"),
])
def test_rules(rule, state, words):
    write(fc=rule)
    assert words in net_error(caffe_pb2.TRAIN, **state)


def test_a_layer_that_works_in_place_makes_nothing():
    """It has the name as top, and comes later."""
    Path("net.prototxt").write_text(DATA % "" + REST)
    said = net_error(caffe_pb2.TRAIN)
    assert said.endswith("(layer 'act', bottom index 0). Blobs made so far: d.")
