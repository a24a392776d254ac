"""The bars of terminals: what else is written stays whole, and where they end."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from types import SimpleNamespace

from caffepy.services import progress, work


class Terminal(io.StringIO):
    def isatty(self):
        return True


@contextmanager
def on_a_terminal() -> Iterator[Terminal]:
    """Standard output and error, as a shell shows them."""
    terminal = Terminal()
    with redirect_stdout(terminal), redirect_stderr(terminal):
        yield terminal


def test_results_begin_on_lines_of_their_own():
    with on_a_terminal() as terminal:
        for item in work.track(iter("ab"), "pictures"):
            progress.say(f"result {item}")
    for item in "ab":
        assert re.search(rf"(^|[\r\n])result {item}\n", terminal.getvalue())


def test_without_a_terminal_results_are_all_there_is(capsys):
    for item in work.track(iter("ab"), "pictures"):
        progress.say(f"result {item}")
    assert capsys.readouterr() == ("result a\nresult b\n", "")


def test_the_bar_of_a_training_ends_where_it_was_stopped():
    solver = SimpleNamespace(iter=0, max_iter=500, on_iteration=[])
    with on_a_terminal() as terminal, progress.training_bar(solver):
        solver.iter = 51
    assert "51/500" in terminal.getvalue()
