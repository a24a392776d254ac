"""Which nets a solver file asks for, and in which state."""

from __future__ import annotations

from pathlib import Path

import pytest

from caffepy.core.context import Context
from caffepy.errors import ConfigError
from caffepy.proto import caffe_pb2, text
from caffepy.solvers import nets
from caffepy.solvers.solver import create_solver

NET = """name: "{name}"
layer {{ name: "data" type: "DummyData" top: "x" dummy_data_param {{ shape {{ dim: 1 dim: 2 }} }} }}
layer {{ name: "in_train" type: "Silence" bottom: "x" include {{ phase: TRAIN }} }}
layer {{ name: "in_a" type: "Split" bottom: "x" top: "y" include {{ stage: "a" }} }}
layer {{ name: "in_b" type: "Split" bottom: "x" top: "z" include {{ stage: "b" min_level: 2 }} }}
"""


@pytest.fixture(autouse=True)
def files():
    for name in ("one", "two", "three"):
        Path(f"{name}.prototxt").write_text(NET.format(name=name))


def solver(line: str) -> caffe_pb2.SolverParameter:
    param = caffe_pb2.SolverParameter()
    text.parse(line, param)
    return param


def inline(field: str, name: str = "inline", more: str = "") -> str:
    return f"{field} {{ {NET.format(name=name)} {more} }} "


def layers(net) -> list[str]:
    return [name for name in net.layer_names if name.startswith("in_")]


@pytest.mark.parametrize("line, name, said", [
    ('net: "one.prototxt"', "one", "Creating training net from net file: one.prototxt"),
    ('train_net: "two.prototxt"', "two", "Creating training net from train_net file: two.prototxt"),
    (inline("net_param"), "inline", "Creating training net specified in net_param."),
    (inline("train_net_param"), "inline", "Creating training net specified in train_net_param."),
])
def test_train_net_may_be_named_in_four_ways(line, name, said, lines):
    net = nets.train_net(solver(line), Context())
    assert (net.name, net.phase, net.label) == (name, caffe_pb2.TRAIN, "train")
    assert layers(net) == ["in_train"]
    assert said in lines


@pytest.mark.parametrize("line, words", [
    ("base_lr: 1", "must specify a train net"),
    ('net: "one.prototxt" train_net: "two.prototxt"', "more than one.*found train_net and net"),
])
def test_exactly_one_train_net(line, words):
    with pytest.raises(ConfigError, match=words):
        nets.train_net(solver(line), Context())


def test_test_nets_come_in_the_original_s_order(lines):
    param = solver(inline("test_net_param", "first") + """
        test_net: "two.prototxt" test_net: "three.prototxt" net: "one.prototxt"
        test_iter: 1 test_iter: 1 test_iter: 1 test_iter: 1 test_iter: 1 test_interval: 5""")
    found = nets.test_nets(param, Context())
    assert [net.name for net in found] == ["first", "two", "three", "one", "one"]
    assert [net.label for net in found] == [f"test {i}" for i in range(5)]
    assert all(net.phase == caffe_pb2.TEST for net in found)
    assert "Creating test net (#0) specified by test_net_param" in lines
    assert "Creating test net (#1) specified by test_net file: two.prototxt" in lines
    assert "Creating test net (#3) specified by net file: one.prototxt" in lines


def test_states_are_merged_net_then_solver():
    param = solver(inline("net_param", more='state { stage: "a" level: 1 }') + """
        train_state { level: 2 stage: "b" }
        test_iter: 1 test_iter: 1 test_interval: 1 test_state {} test_state { stage: "b" }""")
    assert layers(nets.train_net(param, Context())) == ["in_train", "in_a", "in_b"]
    first, second = nets.test_nets(param, Context())
    assert layers(first) == ["in_a"]
    assert layers(second) == ["in_a"]  # its level is 1
    assert list(param.net_param.state.stage) == ["a"]  # the solver file's own is not changed


def test_a_net_may_say_its_own_phase():
    param = solver(inline("net_param", more="state { phase: TEST }"))
    assert nets.train_net(param, Context()).phase == caffe_pb2.TEST
    param.train_state.phase = caffe_pb2.TRAIN
    assert nets.train_net(param, Context()).phase == caffe_pb2.TRAIN


@pytest.mark.parametrize("line, words", [
    ('test_net: "one.prototxt" train_net: "two.prototxt"', "test_iter must be specified"),
    ('test_iter: 1 train_net: "two.prototxt" test_interval: 1', "test_iter must be specified"),
    ('net: "one.prototxt" test_net: "one.prototxt"', "test_iter must be specified"),
    ('net: "one.prototxt" test_iter: 1 test_interval: 1 test_state {} test_state {}',
     "test_state must be"),
    ('net: "one.prototxt" test_iter: 1', "test_interval must be positive"),
    ('net: "one.prototxt" test_iter: -2 test_interval: 1', "test_iter must not be negative"),
])
def test_refused_combinations(line, words):
    with pytest.raises(ConfigError, match=words):
        nets.test_nets(solver(line), Context())


def test_errors_in_a_net_file_name_its_line():
    Path("bad.prototxt").write_text('name: "bad"\n\nlayer { name: "q" type: "Rellu" }\n')
    Path("solver.prototxt").write_text('net: "bad.prototxt" base_lr: 1 lr_policy: "fixed"')
    with pytest.raises(ConfigError, match="bad.prototxt:3.*Unknown layer type: Rellu"):
        create_solver("solver.prototxt")


def test_errors_in_a_solver_file_name_the_file():
    Path("solver.prototxt").write_text('net: "one.prototxt" base_lr: 1 lr_policy: "fixd"')
    with pytest.raises(ConfigError, match="solver.prototxt.*Unknown learning rate policy: fixd"):
        create_solver("solver.prototxt")
