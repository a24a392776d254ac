"""`import caffe`: every name of pycaffe's, and each of them caffepy's own object."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pages
import pytest

import caffepy

FRONT = Path(caffepy.__file__).parent / "_front" / "caffe"
MODULES = ["_caffe", "classifier", "coord_map", "detector", "draw", "io", "model_libs", "net_spec",
           "proto", "proto.caffe_pb2", "pycaffe"]
NAMES = """Net SGDSolver NesterovSolver AdaGradSolver RMSPropSolver AdaDeltaSolver AdamSolver NCCL
    Timer init_log log set_mode_cpu set_mode_gpu set_device Layer get_solver layer_type_list
    set_random_seed solver_count set_solver_count solver_rank set_solver_rank set_multiprocess
    has_nccl TRAIN TEST Classifier Detector io layers params NetSpec to_proto proto""".split()


def test_each_name_is_caffepys():
    import caffe

    assert caffe.__version__ == "1.0.0"
    for name in NAMES:
        assert name in dir(caffe) and hasattr(caffe, name)
        if name not in ("layers", "proto"):
            assert getattr(caffe, name) is getattr(caffepy, name), name
    assert (caffe.TRAIN, caffe.TEST) == (0, 1)
    with pytest.raises(AttributeError, match="SGDSolvr"):
        caffe.SGDSolvr  # noqa: B018


def test_modules_are_one_under_both_names():
    for name in MODULES:
        module = importlib.import_module(f"caffe.{name}")
        if name != "proto":  # a folder of its own, or its caffe_pb2 would be loaded twice
            assert module is importlib.import_module(f"caffepy.{name}")
    import caffe

    assert caffe.proto.caffe_pb2 is caffepy.proto.caffe_pb2


@pytest.mark.parametrize("script", [
    "import caffe; caffe.io.Transformer({}); caffe.proto.caffe_pb2.NetParameter()",
    "from caffe.proto import caffe_pb2; import caffepy.proto.caffe_pb2 as ours; "
    "assert caffe_pb2 is ours",
    "import caffe.proto.caffe_pb2 as a; import caffepy.proto.caffe_pb2 as b; assert a is b",
    "from caffe import layers as L, params as P; import caffe; n = caffe.NetSpec(); "
    "n.data = L.Input(shape=dict(dim=[1, 2])); n.pool = L.Pooling(n.data, pool=P.Pooling.AVE); "
    "assert caffe.to_proto(n.pool).layer[1].pooling_param.pool == 1",
    "from caffe import *; Net; SGDSolver; io.load_image; layers.ReLU",
    "from caffe.coord_map import crop; from caffe.draw import draw_net",
    "from caffe.pycaffe import Net, SGDSolver; from caffe._caffe import Net as same; "
    "assert Net is same",
    "import caffe.io, caffe; assert caffe.io.caffe_pb2.BlobProto",
    "import caffe; caffe.set_mode_cpu(); assert 'Convolution' in caffe.layer_type_list(); "
    "caffe.log('hello')",
])
def test_first_lines_of_scripts_in_a_new_process(script, tmp_path):
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=tmp_path,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_package_holds_names_alone():
    """A module of the front that is added here must be added there."""
    for path in FRONT.rglob("*.py"):
        tree = ast.parse(path.read_text())
        functions = {node.name for node in ast.walk(tree) if isinstance(
            node, (ast.FunctionDef, ast.ClassDef))}
        assert functions <= {"__getattr__", "__dir__"}, path
    found = {".".join(path.relative_to(FRONT).with_suffix("").parts) for path in
             FRONT.rglob("*.py")}
    assert found == {*MODULES, "__init__", "proto.__init__"} - {"proto"}


def test_the_page_on_python_runs(tmp_path, monkeypatch, capsys):
    """Every block of docs/python.md, one after the other, in a folder with the files it names."""
    import caffe
    from caffe import layers as L

    monkeypatch.chdir(tmp_path)
    n = caffe.NetSpec()
    n.data = L.Input(shape=dict(dim=[1, 3, 32, 32]))
    n.conv1 = L.Convolution(n.data, num_output=4, kernel_size=3)
    n.prob = L.Softmax(L.InnerProduct(n.conv1, num_output=10))
    Path("deploy.prototxt").write_text(str(n.to_proto()))
    caffe.Net("deploy.prototxt", caffe.TEST).save("weights.caffemodel")
    mean = caffe.io.array_to_blobproto(np.full((1, 3, 40, 40), 100))
    Path("mean.binaryproto").write_bytes(mean.SerializeToString())
    cv2.imwrite("cat.png", np.random.default_rng(1).integers(0, 256, (50, 60, 3), np.uint8))

    names: dict = {}
    blocks = pages.blocks(pages.DOCS / "python.md", "python")
    assert len(blocks) == 7
    for block in blocks:
        exec(block, names)
    assert names["probabilities"].shape == (1, 10) and len(names["found"]) == 1
    assert caffe.Net("train.prototxt", caffe.TRAIN).forward()["loss"] > 0
    assert Path("train.svg").read_bytes().startswith(b"<svg")
    assert "conv1" in capsys.readouterr().out
