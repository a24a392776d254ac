"""In which order 4-D activations lie."""

from __future__ import annotations

import pytest

from caffepy.kernels.cuda.layout import channels_last
from caffepy.settings import Settings


def test_the_order_is_that_of_the_tensor_cores() -> None:
    assert channels_last(Settings(), (8, 0)) and channels_last(Settings(), (10, 0))
    assert not channels_last(Settings(), (7, 5))


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_without_tf32_float32_lies_in_c_order(half: str) -> None:
    strict = Settings(tf32=False)
    assert not channels_last(strict, (9, 0))
    assert channels_last(strict, (9, 0), half) and channels_last(strict, (7, 0), half)
    assert not channels_last(strict, (6, 1), half)


@pytest.mark.parametrize(("word", "last"), [("nhwc", True), ("nchw", False)])
def test_the_order_can_be_given(word: str, last: bool) -> None:
    for capability, dtype in (((7, 0), "float32"), ((9, 0), "float32"), ((9, 0), "float16")):
        assert channels_last(Settings(layout=word), capability, dtype) is last
