"""How many cores: what the process is bound to, and shares of time."""

import os

import pytest

from caffepy import cores


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """Writes what a process finds of control groups: its own line, and files below the mount."""
    def write(line, **files):
        (tmp_path / "cgroup").write_text(f"3:memory:/elsewhere\n{line}\n")
        for name, text in files.items():
            path = tmp_path / "mount" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    monkeypatch.setattr(cores, "GROUPS", str(tmp_path / "cgroup"))
    monkeypatch.setattr(cores, "MOUNT", str(tmp_path / "mount"))
    return write


@pytest.mark.parametrize("line, files, expected", [
    ("0::/", {"cpu.max": "150000 100000\n"}, 1.5),
    ("0::/", {"cpu.max": "max 100000\n"}, None),
    ("0::/", {}, None),
    ("0::/a/b", {"a/b/cpu.max": "max 100000", "a/cpu.max": "200000 100000"}, 2.0),
    ("0::/a/b", {"a/b/cpu.max": "300000 100000", "a/cpu.max": "200000 100000"}, 2.0),
    ("0::/host/only", {"cpu.max": "50000 100000"}, 0.5),
    ("0::/../b", {"cpu.max": "50000 100000"}, 0.5),
    ("2:cpu,cpuacct:/docker/x", {"cpu/cpu.cfs_quota_us": "400000\n",
                                 "cpu/cpu.cfs_period_us": "100000\n"}, 4.0),
    ("2:cpuacct,cpu:/x", {"cpu/x/cpu.cfs_quota_us": "100000\n", "cpu/cpu.cfs_quota_us": "-1\n",
                          "cpu/x/cpu.cfs_period_us": "50000\n",
                          "cpu/cpu.cfs_period_us": "100000\n"}, 2.0),
    ("2:cpu:/", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
    ("2:cpu:/", {"cpu/cpu.cfs_quota_us": "100000\n"}, None),
    ("0::/", {"cpu.max": "garbage"}, None),
    ("nonsense", {"cpu.max": "100000 100000"}, None),
])
def test_shares_of_control_groups(groups, line, files, expected):
    groups(line, **files)
    assert cores.quota() == expected


def test_no_control_groups(groups):
    assert cores.quota() is None


@pytest.mark.parametrize("share, expected", [
    (None, 8), (100.0, 8), (3.0, 3), (2.1, 3), (0.2, 1),
])
def test_bound_and_share_together(monkeypatch, share, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    monkeypatch.setattr(cores, "quota", lambda: share)
    assert cores.usable() == expected


def test_a_system_that_binds_no_process(monkeypatch):
    monkeypatch.setattr(cores, "quota", lambda: None)
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert cores.usable() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores.usable() == 1
