"""What /proc says of this process and of others."""

from __future__ import annotations

import os

import pytest

from caffepy.services import busy


@pytest.fixture
def proc(tmp_path):
    def write(tasks: dict[str, str], stat: str) -> str:
        for name, text in tasks.items():
            (tmp_path / "self/task" / name).mkdir(parents=True, exist_ok=True)
            (tmp_path / "self/task" / name / "schedstat").write_text(text)
        (tmp_path / "stat").write_text(stat)
        return str(tmp_path)

    return write


def test_threads_add_up_and_others_are_what_is_left(proc):
    ticks = os.sysconf("SC_CLK_TCK")
    fields = [30, 4, 6, 1000, 50, 1, 2, 7, 99, 99]  # user nice system idle iowait irq softirq steal
    stat = "cpu  " + " ".join(str(n * ticks) for n in fields) + "\ncpu0 1 2 3\n"
    path = proc({"10": "2000000000 500000000 7", "11": "1000000000 2500000000 9"}, stat)
    use = busy.read(path, own=10.0)
    assert use == busy.Use(3.0, 3.0, 30 + 4 + 6 + 1 + 2 + 7 - 10)
    assert use.waiting == 0.5


def test_what_came_between():
    use = busy.Use(5.0, 4.0, 9.0).since(busy.Use(2.0, 3.0, 10.0))
    assert use == busy.Use(3.0, 1.0, 0.0) and use.waiting == 0.25
    assert busy.Use(0.0, 0.0, 1.0).waiting == 0


@pytest.mark.parametrize("tasks, stat", [
    ({"1": "0 0 0"}, "cpu 1 2 3 4 5 6 7 8\n"), ({"1": "what"}, "cpu 1 2 3 4 5 6 7 8\n"),
    ({"1": "5 5 5"}, "cpu 1 2\n"), ({}, "")])
def test_where_the_system_does_not_say(proc, tasks, stat):
    assert busy.read(proc(tasks, stat)) is None


def test_this_process():
    use = busy.read()
    if use is None:
        pytest.skip("this system keeps no such account")
    assert use.ran > 0 and use.waited >= 0
