import importlib.util
from pathlib import Path

import numpy as np
import pytest

PATH = Path(__file__).parents[2] / "scripts" / "data_speed.py"


@pytest.fixture
def script(monkeypatch):
    spec = importlib.util.spec_from_file_location("data_speed", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "KINDS", {
        name: (source, 2, transform) for name, (source, _, transform) in module.KINDS.items()})
    monkeypatch.setattr(module, "COUNTS", dict.fromkeys(module.COUNTS, 4))
    return module


def test_all_are_made_and_measured(script, tmp_path, monkeypatch, capsys):
    arguments = ["data_speed.py", "--rounds", "1", "--seconds", "0.02", "--folder", str(tmp_path)]
    monkeypatch.setattr("sys.argv", arguments)
    script.main()
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["images/s", "of", "a", "core"]
    assert [row.split()[0] for row in rows] == ["mnist", "padded", "raw", "jpeg", "inception"]
    assert all(float(number) > 10 for row in rows for number in row.split()[1:])
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "jpeg", "mean.binaryproto", "mnist", "raw"]


def test_its_pictures_are_like_photographs(script):
    size = len(script.record("jpeg", np.random.default_rng(1)))
    assert 30_000 < size < 60_000
