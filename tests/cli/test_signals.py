"""Signals wait until the solver asks."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from caffepy.services.signals import PATIENCE, SignalEffects

needs_hangup = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no SIGHUP here")


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(("effect", "action"), [
    ("stop", "stop"), ("snapshot", "snapshot"), ("none", None)])
@pytest.mark.parametrize("name", ["SIGINT", pytest.param("SIGHUP", marks=needs_hangup)])
def test_each_effect_is_told_once(name: str, effect: str, action: str | None) -> None:
    number = getattr(signal, name)
    with SignalEffects(effect, effect) as signals:
        assert signals.action() is None
        send(number)
        send(number)
        assert signals.action() == action
        assert signals.action() is None


@needs_hangup
def test_stop_comes_before_snapshot() -> None:
    with SignalEffects("stop", "snapshot") as signals:
        send(signal.SIGHUP)
        send(signal.SIGINT)
        assert signals.action() == "stop"


def test_a_run_that_hangs_can_still_be_ended() -> None:
    with SignalEffects("stop", "snapshot"):
        for _ in range(PATIENCE - 1):
            send(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGINT)
        send(signal.SIGINT)  # while it tidies up: not at once another one


def test_the_handlers_before_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with SignalEffects("stop", "snapshot"):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_do_without() -> None:
    errors: list[BaseException] = []

    def enter() -> None:
        try:
            with SignalEffects("stop", "snapshot") as signals:
                assert signals.action() is None
        except BaseException as error:      # a thread's exception would be lost
            errors.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert not errors
