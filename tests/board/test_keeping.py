"""What is kept of files until they change."""

import threading

import pytest

from caffepy.board.keeping import Kept


def test_a_result_is_kept_as_long_as_its_files_are_the_same(tmp_path):
    path = tmp_path / "x"
    path.write_text("one")
    kept, made = Kept[str](2), []

    def make():
        made.append(path.read_text())
        return made[-1]

    assert [kept.get("k", make, path) for _ in range(3)] == ["one"] * 3 and len(made) == 1
    path.write_text("three")
    assert kept.get("k", make, path) == "three"
    path.unlink()
    path.write_text("3hree")  # as long, and another file
    assert kept.get("k", make, path) == "3hree"


def test_so_many_are_kept_those_asked_for_last():
    kept, made = Kept[int](2), []
    for key in (1, 2, 1, 3, 1, 2):
        kept.get(key, lambda key=key: made.append(key) or key)
    assert made == [1, 2, 3, 2]


def test_what_fails_is_not_kept():
    kept = Kept[int](2)
    with pytest.raises(ZeroDivisionError):
        kept.get("k", lambda: 1 // 0)
    assert not kept._working  # of any number of keys
    assert kept.get("k", lambda: 5) == 5


def test_several_threads_that_ask_for_one_key_wait_for_one_result():
    kept, made, both = Kept[int](2), [], threading.Barrier(4)

    def ask():
        both.wait()
        kept.get("k", lambda: made.append(1) or 1)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]
