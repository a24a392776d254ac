"""Completion in real shells, where they are installed: for the command, its twin and the tools."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ENV = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

# a line up to the cursor, and what the shell offers; a name of LOOKED_UP: it looks for files itself
LINES = {
    "caffepy sum": "summarize summary",
    "caffe train -sigint_effect s": "snapshot stop",
    "convert_imageset --resize_h": "--resize_height",
    "convert_imageset -backend l": "leveldb lmdb",
    "summarize mod": "models.prototxt",
    "caffepy convert_imageset -gray pic": "pictures",
}
LOOKED_UP = ("models.prototxt", "pictures")

BASH = """
eval "$(caffepy completion bash)"
compopt() { COMPREPLY=(files); }
for line in "$@"; do
    COMP_WORDS=($line); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
    "_${COMP_WORDS[0]}_completion" "${COMP_WORDS[0]}"
    echo "${COMPREPLY[@]}"
done
"""
ZSH = """
autoload -Uz compinit; compinit -u -D
eval "$(caffepy completion zsh)"
_path_files() { print files }
_describe() { print -- ${completions_with_descriptions%%:*} }
compadd() { print -- $completions }
for line in "$@"; do words=(${=line}); CURRENT=$#words; $_comps[$words[1]]; done
"""
FISH = """
caffepy completion fish | source
for line in $argv; echo (complete -C "$line" | string replace -r '\\t.*' ''); end
"""


@pytest.mark.parametrize("shell, code", [("bash", BASH), ("zsh", ZSH), ("fish", FISH)])
def test_what_shells_offer(shell, code, tmp_path):
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    for name in LOOKED_UP:
        (tmp_path / name).touch()
    name = [] if shell == "fish" else [shell]
    done = subprocess.run([shell, "-c", code, *name, *LINES], capture_output=True, text=True,
                          cwd=tmp_path, env={**ENV, "HOME": str(tmp_path)})
    assert not done.stderr, done.stderr
    found = [" ".join(sorted(line.split())) for line in done.stdout.splitlines()]
    if shell != "fish":  # bash and zsh are asked before they look
        expected = ["files" if offered in LOOKED_UP else offered for offered in LINES.values()]
    else:
        expected = list(LINES.values())
    assert dict(zip(LINES, found, strict=True)) == dict(zip(LINES, expected, strict=True))


def test_every_shell_gets_all_programs(capsys):
    from caffepy.cli.completion import SHELLS, completion
    from caffepy.cli.main import TOOLS

    for shell in SHELLS:
        with pytest.raises(SystemExit) as ended:
            completion.main([shell, "--logtostderr"])
        assert ended.value.code == 0
        text = capsys.readouterr().out
        for program in ("caffepy", "caffe", *TOOLS):
            assert f"_{program.upper()}_COMPLETE={shell}_complete" in text
    with pytest.raises(SystemExit) as ended:
        completion.main(["tcsh", "--logtostderr"])
    assert ended.value.code == 1 and "allowed: bash, fish, zsh" in capsys.readouterr().err
