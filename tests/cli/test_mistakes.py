"""Every command tells all mistakes of a prototxt at once."""

import pytest

NET = """layer { name: "data" type: "Input" top: "data" input_param { shape { dims: 1 } } }
layer { name: "a" type: "CPMData" bottom: "data" top: "a" }
layer { name: "t" type: "Conv" bottom: "a" top: "d" include { phase: TRAIN } }
"""
SOLVER = 'net: "net.prototxt" max_iter: 1 base_lr: 1 lr_policy: "fixed"'


@pytest.mark.parametrize("args", [
    ["train", "-solver", "solver.prototxt"], ["check", "solver.prototxt"],
    ["check", "net.prototxt"], ["test", "-model", "net.prototxt", "-weights", "x.caffemodel"],
    ["time", "-model", "net.prototxt"], ["summary", "net.prototxt"], ["draw", "net.prototxt", "x"],
    ["deploy", "net.prototxt", "x"], ["upgrade_net_proto_text", "net.prototxt", "x"],
])  # fmt: skip
def test_all_mistakes_are_told(args, call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.prototxt").write_text(NET)
    (tmp_path / "solver.prototxt").write_text(SOLVER)
    (tmp_path / "x.caffemodel").write_bytes(b"")
    done = call(*args)
    said = done.output[done.output.index("error: "):]
    assert done.exit_code in (1, 2)
    assert said.startswith('error: net.prototxt:1:70: unknown field "dims" in shape')
    assert "and 2 more:\n  2:19     Unknown layer type: CPMData. " in said
    assert '\n  3:19     Unknown layer type: Conv. Write type: "Convolution".' in said
