"""-plugin FILE.py: layer types of one's own for one run."""

import os
import re

import plugin_files
import pytest

from caffepy.cli.main import ACTIONS, TOOLS, main
from caffepy.core import plugins, registry

pytestmark = pytest.mark.usefixtures("own_plugins")
# they build no net, or compare it with other programs
OF_DATA_AND_LOGS = ("compute", "convert", "create", "download", "extract_seconds", "get_image",
                    "make_list", "parse", "plot", "resize")
WITHOUT = {"bench", "class_weights", "completion", "device_query", "init", "matlab", "plot",
           "report", *(tool for tool in TOOLS if tool.startswith(OF_DATA_AND_LOGS))}


@pytest.fixture(autouse=True)
def wave(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return plugin_files.write(tmp_path)


def losses(output: str) -> list[str]:
    return re.findall(r"Iteration \d+.* loss = (.*)", output)


def test_a_training_with_it(call):
    done = call("train", "-solver", "solver.prototxt", "-plugin", "wave.py")
    assert done.exit_code == 0, done.output
    assert len(losses(done.output)) == 5
    scored = call("--plugin=wave.py", "test", "-model", "waves.prototxt", "-weights",
                  "waves_iter_4.caffemodel", "-iterations", 2)
    assert scored.exit_code == 0 and "Loss: " in scored.output, scored.output
    timed = call("time", "-model", "waves.prototxt", "-iterations", 1, "-plugin", "wave.py")
    assert timed.exit_code == 0 and "wave   Wave" in timed.output, timed.output


def test_workers_load_it_too(shell):
    done = shell("train", "-solver", "solver.prototxt", "-plugin", "wave.py", "-workers", 2)
    assert done.returncode == 0, done.stderr
    assert len(losses(done.stderr)) == 5 and "Training with 2 workers" in done.stderr


def test_nothing_is_loaded_unasked(shell):
    everything = {name: "wave.py" for name in (
        "CAFFEPY_PLUGIN", "PLUGIN", "CAFFE_PLUGIN", "GLOG_plugin", "CAFFEPY_TRAIN_PLUGIN")}
    done = shell("train", "-solver", "solver.prototxt", **everything)
    assert done.returncode == 1 and "layer type: Wave, with wave_param (line 8)" in done.stderr
    assert "-plugin FILE.py loads it" in done.stderr


def test_every_command_that_builds_nets_takes_it():
    for name in {*ACTIONS, *TOOLS} - WITHOUT:
        command = main.get_command(None, name)
        assert "plugin" in command.flags(), name
    for name in WITHOUT:
        assert "plugin" not in main.get_command(None, name).flags(), name


@pytest.mark.parametrize("arguments", [
    ("-plugin", "wave.py,tide.py"), ("-plugin=wave.py", "--plugin", "tide.py"),
    ("-plugin", " wave.py, tide.py,"),
])
def test_several(call, wave, arguments):
    wave.with_name("tide.py").write_text(
        plugin_files.WAVE.replace('"Wave", v1="WAVE"', '"Tide"'))
    done = call("summary", "waves.prototxt", *arguments)
    assert done.exit_code == 0, done.output
    assert "Parameters: 9 " in done.output and "?" not in done.output
    assert [os.path.basename(path) for path in plugins.loaded()] == ["wave.py", "tide.py"]


@pytest.mark.parametrize(("words", "said"), [
    (("summary", "waves.prototxt"), "wave  Wave                1 "),
    (("check", "solver.prototxt"), "wave  Wave                1 "),
    (("draw", "waves.prototxt", "waves.svg"), "Drawing net"),
    (("deploy", "waves.prototxt"), "frequency: 0.5"),
    (("layers", "Wave"), "Wave: y = w sin(frequency x), of which w is learnt."),
    (("layers",), "Wave "),
    (("upgrade_net_proto_text", "waves.prototxt", "new.prototxt"), "Wrote upgraded"),
])
def test_with_other_commands(call, words, said):
    done = call(*words, "-plugin", "wave.py")
    assert done.exit_code == 0 and said in done.output, done.output
    assert "Unknown layer type" not in done.output and registry.known("Wave")


def test_mistakes(call, wave):
    done = call("summary", "waves.prototxt", "-plugin", "nope.py")
    assert done.exit_code == 1 and "File not found: nope.py" in done.output
    assert "missing its argument" in call("summary", "waves.prototxt", "-plugin").output
    wave.write_text("import math\nmath.sqrt(-1)\n")
    done = call("summary", "waves.prototxt", "-plugin", "wave.py")
    assert "error: wave.py:2: the plug-in fails: ValueError: " in done.output
    assert f'\n  File "{wave}", line 2, in <module>\n    math.sqrt(-1)\n' in done.output
    assert "site-packages" not in done.output and "plugins.py" not in done.output


def test_what_it_raises_later_is_its_own_fault(call, wave):
    wave.write_text(plugin_files.WAVE.replace("    def backward", """
        if top[0].data.size:
            self.deep(top)

    def deep(self, top):
        raise KeyError("nothing")

    def backward"""))
    done = call("train", "-solver", "solver.prototxt", "-plugin", "wave.py")
    assert done.exit_code == 1 and "bug in caffepy" not in done.output
    assert "error: a plug-in fails: KeyError: 'nothing'\n" in done.output
    assert f'  File "{wave}"' in done.output and ", in deep\n" in done.output
    assert "walk.py" not in done.output


def test_completion_does_not_load_it(call, monkeypatch):
    monkeypatch.setenv("_CAFFEPY_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "caffepy summary -plugin wave.py -max")
    monkeypatch.setenv("COMP_CWORD", "4")
    call()
    assert not plugins.loaded()
