"""Names of old: what they are today, in one line, and that it is done."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from caffepy.cli.oldest import BINS, OLDEST, translate
from caffepy.errors import ConfigError
from caffepy.tools.convert_imageset import CALLS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("line, today", [
    ("train_net s.prototxt", "train --solver=s.prototxt"),
    ("train_net s.prototxt a.solverstate", "train --solver=s.prototxt --snapshot=a.solverstate"),
    ("train_net --solver=s.prototxt -gpu 0", "train --solver=s.prototxt --gpu=0"),
    ("finetune_net s w", "train --solver=s --weights=w"),
    ("test_net n w", "test --model=n --weights=w"),
    ("test_net n w 100", "test --model=n --weights=w --iterations=100"),
    ("test_net n w 100 CPU", "test --model=n --weights=w --iterations=100"),
    ("test_net n w 100 GPU", "test --model=n --weights=w --iterations=100 --gpu=0"),
    ("test_net n w 100 GPU 2", "test --model=n --weights=w --iterations=100 --gpu=2"),
    ("net_speed_benchmark n", "time --model=n"),
    ("net_speed_benchmark n 10 GPU 1", "time --model=n --iterations=10 --gpu=1"),
    ("device_query", "device_query"),
    ("device_query 1", "device_query --gpu=1"),
])
def test_places_become_flags(line, today):
    name, *arguments = line.split()
    assert translate(name, arguments) == today.split()


@pytest.mark.parametrize("line, said", [
    ("train_net", "train_net takes SOLVER [SNAPSHOT] (found nothing)"),
    ("finetune_net s", "finetune_net takes SOLVER WEIGHTS (found s)"),
    ("train_net a b c", "(found a b c)"),
    ("test_net n w 100 TPU", "computes on CPU or GPU (found TPU)"),
    ("train_net s --solvr=x", "Did you mean solver?"),
])
def test_words_that_make_no_sense(line, said):
    name, *arguments = line.split()
    with pytest.raises(ConfigError) as error:
        translate(name, arguments)
    assert said in str(error.value)


def scripts():
    text = (ROOT / "pyproject.toml").read_text()
    return re.findall(r'^"?([\w.]+)"? = "caffepy\.cli\.oldest:main"$', text, re.MULTILINE)


def test_all_are_installed_and_launched():
    assert sorted(scripts()) == sorted([*OLDEST, *(f"{name}.bin" for name in BINS)])
    for name in scripts():
        path = ROOT / "tools" / name
        assert os.access(path, os.X_OK)
        assert "from caffepy.cli.oldest import main" in path.read_text()


NET = ('layer { name: "d" type: "DummyData" top: "d" dummy_data_param { shape { dim: 2 } } }'
       'layer { name: "r" type: "ReLU" bottom: "d" top: "r" }')


def call(tmp_path, *words):
    program = Path(sys.executable).parent / words[0]
    return subprocess.run([str(program), *words[1:]], cwd=tmp_path, text=True, capture_output=True,
                          env={**os.environ, "GLOG_logtostderr": "1"})


def test_the_installed_programs(tmp_path):
    (tmp_path / "net.prototxt").write_text(NET)
    done = call(tmp_path, "net_speed_benchmark", "net.prototxt", "2", "CPU")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("net_speed_benchmark: today this is: caffepy time "
                                  "--model=net.prototxt --iterations=2\n")
    assert "*** Benchmark ends ***" in done.stderr
    done = call(tmp_path, "train_net.bin", "gone.prototxt")
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first == "train_net.bin: today this is: caffepy train --solver=gone.prototxt"
    assert "gone.prototxt" in second and second.startswith("caffepy: error: ")
    done = call(tmp_path, "finetune_net")
    assert done.returncode == 1
    assert done.stderr.startswith("finetune_net: error: finetune_net takes SOLVER WEIGHTS")


def test_bin_is_left_out(tmp_path):
    done = call(tmp_path, "caffe.bin", "time", "--model=a b")
    assert done.stderr.splitlines()[0] == "caffe.bin: today this is: caffepy time '--model=a b'"
    assert done.returncode == 1
    done = call(tmp_path, "convert_imageset.bin", "x/")
    assert done.stderr.splitlines() == [
        "convert_imageset.bin: today this is: convert_imageset x/",
        "convert_imageset: error: the name of the database is missing. " + CALLS]


def test_the_command_has_a_launcher_too(tmp_path):
    done = subprocess.run([sys.executable, str(ROOT / "tools" / "caffe"), "--version"],
                          capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0 and "speaks caffe 1.0.0" in done.stdout
