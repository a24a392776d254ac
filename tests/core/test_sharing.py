"""A parameter that layers share by name is one, in the net to train and in those that test it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.testing import assert_array_equal
from solvers.conftest import lines  # noqa: F401

import caffepy
from caffepy.cli.main import main
from caffepy.core.net import Net
from caffepy.errors import CaffeError
from caffepy.proto import caffe_pb2, text
from caffepy.solvers.solver import create_solver

DATA = ('layer { name: "data" type: "DummyData" top: "data" top: "lab" dummy_data_param { '
        "shape { dim: 2 dim: 3 } shape { dim: 2 dim: 4 } data_filler { value: 1 } "
        "data_filler { value: 2 } } }\n")
NAMES = 'param { name: "w" %s } param { name: "b" }'
LOSS = 'layer { name: "l" type: "EuclideanLoss" bottom: "c" bottom: "lab" top: "l" }\n'
DIFF = ('layer { name: "diff" type: "EuclideanLoss" bottom: "c" bottom: "p" top: "diff" '
        "include { phase: TEST } }\n")
SOLVER = ('net: "n.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 3 random_seed: 3 '
          'snapshot_prefix: "x" ')
TESTS = "test_iter: 1 test_interval: 1 "
TEST_ONLY = "include { phase: TEST }"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAFFEPY_ENGINE", "reference")
    return tmp_path


def ip(name: str, more: str = "", params: str = NAMES % "", transpose: str = "") -> str:
    return (f'layer {{ name: "{name}" type: "InnerProduct" bottom: "data" top: "{name}" {params} '
            f"{more} inner_product_param {{ num_output: 4 {transpose} weight_filler {{ "
            'type: "gaussian" std: 1 } bias_filler { type: "uniform" } } }\n')


P, C = ip("p", TEST_ONLY), ip("c")


def write(net: str, solver: str = TESTS) -> None:
    Path("n.prototxt").write_text(net)
    Path("s.prototxt").write_text(SOLVER + solver)


def told(lines: list[str]) -> list[str]:  # noqa: F811
    """What was logged of sharing beyond the original's."""
    return [line for line in lines if "by the parameter's name" in line or "another shape" in line
            or "and do not in" in line]


@pytest.mark.parametrize("layers", [P + C, C + P, P + C + ip("d", TEST_ONLY), ip("d") + P + C,
                                    ip("d", TEST_ONLY) + C + P])
def test_tests_while_training(layers, lines):  # noqa: F811
    """Whichever layer owns the parameter in either net."""
    write(DATA + layers + LOSS + DIFF)
    with create_solver("s.prototxt") as solver:
        solver.solve()
        for _, results in solver.last_tests.values():
            assert dict(results)["diff"] == 0
        one = solver.test_nets[0]
        assert_array_equal(one.params["p"][0].data, solver.net.params["c"][0].data)
        assert one.params["p"][0].values.memory is solver.net.params["c"][0].values.memory
        assert one.params["p"][1].values.memory is solver.net.params["c"][1].values.memory
    (line,) = told(lines)
    assert line.startswith("shared by the parameter's name with the net to train: 'w' of ")
    assert "'p'" in line and ", 'b' of " in line


def test_a_layer_that_the_other_net_has_not_at_all(lines):  # noqa: F811
    """Only the names of the parameters are the same, and the net to train says how they learn."""
    write(DATA + ip("q", TEST_ONLY, NAMES % "lr_mult: 0") + ip("c", "include { phase: TRAIN }",
          NAMES % "lr_mult: 2") + 'layer { name: "l" type: "EuclideanLoss" bottom: "c" '
          'bottom: "lab" top: "l" include { phase: TRAIN } }\n'
          'layer { name: "t" type: "EuclideanLoss" bottom: "q" bottom: "lab" top: "t" '
          "include { phase: TEST } }\n")
    with create_solver("s.prototxt") as solver:
        before = solver.net.params["c"][0].data.copy()
        solver.solve()
        trained = solver.net.params["c"][0].data
        assert (trained != before).any()
        assert_array_equal(solver.test_nets[0].params["q"][0].data, trained)
    assert len(told(lines)) == 1


def test_mismatched_lr_mult_in_one_net_is_refused_as_by_the_original():
    write(DATA + ip("p", TEST_ONLY, NAMES % "lr_mult: 0") + ip("c", "", NAMES % "lr_mult: 1")
          + LOSS)
    with pytest.raises(CaffeError, match="test net #0, .*Shared param 'w' has mismatched lr_mult"):
        create_solver("s.prototxt")


def test_shapes_that_differ(lines):  # noqa: F811
    turned = ip("p", TEST_ONLY, transpose="transpose: true")
    permissive = NAMES % "share_mode: PERMISSIVE"
    for layers in (turned + ip("c", params=permissive), C + turned.replace(
            'name: "w" ', 'name: "w" share_mode: PERMISSIVE ')):
        del lines[:]
        write(DATA + layers + LOSS)
        with create_solver("s.prototxt") as solver:
            solver.solve()
            p, c = solver.test_nets[0].params["p"][0], solver.net.params["c"][0]
            assert (p.shape, c.shape) == ((3, 4), (4, 3))
            assert_array_equal(p.data.reshape(-1), c.data.reshape(-1))
        assert len(told(lines)) == 1


def test_shapes_that_cannot_be_shared(lines):  # noqa: F811
    write(DATA + ip("p", TEST_ONLY, transpose="transpose: true") +
          (ip("c") + LOSS).replace(" }\n", " include { phase: TRAIN } }\n"))
    with create_solver("s.prototxt") as solver:
        solver.solve()
        p, c = solver.test_nets[0].params["p"], solver.net.params["c"]
        assert p[0].values.memory is not c[0].values.memory
        assert p[1].values.memory is c[1].values.memory
    one, other = told(lines)
    assert "the parameter 'w' of 'p' has another shape than in the net to train" in one
    assert "'b' of 'p'" in other


def test_namesakes_that_share_in_one_net_only(lines):  # noqa: F811
    """The layers' names say which is which, as in the original; the contradiction is told."""
    plain = DATA + ip("c", params="") + ip("d", params="") + LOSS
    shared = DATA + C + ip("d") + LOSS
    Path("test.prototxt").write_text(shared)
    Path("train.prototxt").write_text(plain)
    Path("s.prototxt").write_text(SOLVER.replace('net: "n', 'train_net: "train')
                                  + 'test_net: "test.prototxt" ' + TESTS)
    with create_solver("s.prototxt") as solver:
        solver.solve()
        for name in ("c", "d"):
            assert_array_equal(solver.test_nets[0].params[name][0].data,
                               solver.net.params[name][0].data)
    assert any("'c' and 'd' share the parameter 'w' in this net, and do not in the net to train"
               in line for line in told(lines))


def test_several_test_nets_each_say_it_once(lines):  # noqa: F811
    write(DATA + P + C + LOSS + DIFF, "test_iter: [1, 2] test_interval: 1")
    with create_solver("s.prototxt") as solver:
        solver.solve()
        assert all(dict(results)["diff"] == 0 for _, results in solver.last_tests.values())
    assert len(told(lines)) == 2


def test_a_resumed_training(lines):  # noqa: F811
    write(DATA + P + C + LOSS + DIFF, TESTS + "snapshot: 2")
    with create_solver("s.prototxt") as solver:
        solver.solve()
        whole = solver.last_tests[0]
    with create_solver("s.prototxt") as solver:
        solver.solve("x_iter_2.solverstate")
        assert repr(solver.last_tests[0]) == repr(whole)
        assert dict(whole[1])["diff"] == 0


def test_the_command_and_weights_from_files(lines):  # noqa: F811
    """The file has c alone, whose weights are p's: nothing keeps its initial values."""
    write(DATA + P + C + LOSS + DIFF, TESTS)
    assert CliRunner().invoke(main, ["train", "-solver=s.prototxt"]).exit_code == 0
    del lines[:]
    done = CliRunner().invoke(main, ["test", "-model=n.prototxt", "-weights=x_iter_3.caffemodel",
                                     "-iterations=1", "-logtostderr"])
    assert "] diff = 0 " in done.output
    assert "initial values" not in done.output
    net = Net("n.prototxt", caffe_pb2.TEST)
    report = net.load("x_iter_3.caffemodel")
    assert (report.copied[-1:], report.missing) == (["c"], [])
    assert_array_equal(net.params["p"][0].data, net.params["c"][0].data)
    own = NAMES.replace('"b"', '"other"') % ""  # b is its own then
    write(DATA + ip("p", TEST_ONLY, own) + C + LOSS)
    assert Net("n.prototxt", caffe_pb2.TEST).load("x_iter_3.caffemodel").missing == ["p"]


def test_workers():
    write(DATA + P + C + LOSS + DIFF, TESTS)
    done = CliRunner().invoke(main, ["train", "-solver=s.prototxt", "-workers=2"])
    assert done.exit_code == 0, done.output
    assert "diff 0" in done.stdout


def test_share_with_from_python(lines):  # noqa: F811
    Path("n.prototxt").write_text(DATA + P + C + LOSS)
    test, train = caffepy.Net("n.prototxt", caffepy.TEST), caffepy.Net("n.prototxt", caffepy.TRAIN)
    test.share_with(train)
    assert len(told(lines)) == 1
    train.params["c"][0].data[...] = np.arange(12).reshape(4, 3)
    test.forward()
    assert_array_equal(test.blobs["p"].data, test.blobs["c"].data)
    test.share_with(train)
    assert len(told(lines)) == 1
    third = caffepy.Net("n.prototxt", caffepy.TRAIN)
    third.params["c"][0].data[...] = 7
    test.share_with(third)  # and another one later
    assert (test.params["p"][0].data == 7).all()


def test_what_is_named_alike_in_strange_nets_stays_apart_by_shape():
    one, other = caffe_pb2.NetParameter(), caffe_pb2.NetParameter()
    text.parse(DATA + ip("a"), one)
    text.parse(DATA + ip("b").replace("num_output: 4", "num_output: 5"), other)
    first, second = Net(one), Net(other)
    first.share_trained_layers(second)
    assert first.params["a"][0].values.memory is not second.params["b"][0].values.memory
