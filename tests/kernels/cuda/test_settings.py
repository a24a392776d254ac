"""The environment variables of the GPU engine."""

from __future__ import annotations

import pytest

from caffepy.errors import ConfigError
from caffepy.kernels.cuda import settings


def test_defaults() -> None:
    assert settings.tf32()
    assert not settings.deterministic()
    assert settings.channels_last((8, 0)) and settings.channels_last((10, 0))
    assert not settings.channels_last((7, 5))


def test_without_tf32_activations_lie_in_c_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAFFEPY_TF32", "0")
    assert not settings.tf32()
    assert not settings.channels_last((9, 0))
    assert settings.channels_last((9, 0), half=True)
    assert settings.channels_last((7, 0), half=True)
    assert not settings.channels_last((6, 1), half=True)


@pytest.mark.parametrize(("word", "last"), [("nhwc", True), ("NCHW", False)])
def test_the_order_can_be_given(monkeypatch: pytest.MonkeyPatch, word: str, last: bool) -> None:
    monkeypatch.setenv("CAFFEPY_GPU_LAYOUT", word)
    assert settings.channels_last((7, 0)) is last
    assert settings.channels_last((9, 0)) is last
    assert settings.channels_last((9, 0), half=True) is last


def test_words_that_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAFFEPY_TF32", "yes")
    with pytest.raises(ConfigError, match=r"CAFFEPY_TF32: .*found yes; allowed: 0, 1"):
        settings.tf32()
    monkeypatch.setenv("CAFFEPY_GPU_LAYOUT", "nhcw")
    with pytest.raises(ConfigError, match="found nhcw; allowed: nchw, nhwc"):
        settings.channels_last((9, 0))
