"""What the layers here share: settings in ``param_str``, and that no gradient flows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caffepy.core.layer import Blobs, Layer
from caffepy.errors import CaffeError, ConfigError
from caffepy.standins import _yaml
from caffepy.standins.fast_rcnn import config


class StandIn(Layer):
    """A layer whose tops are data to those behind it.

    Attributes:
        param_str: of python_param; the net gives it before ``setup``.
    """

    keeps = ()
    labels = (0, 1, 2, 3)  # as many as there may be
    param_str: str

    @property
    def drawn(self) -> int:
        """How many draws there were, which a resumed training goes on from."""
        return int(self.random.count)  # type: ignore[attr-defined]  # see Python's _Draws

    def settings(self, *needed: str) -> dict[str, Any]:
        """The pairs in param_str. One called ``cfg`` has settings of fast_rcnn.config, which hold
        for all layers from here on: caffepy's own, so that a net needs no script that makes them.

        Raises:
            ConfigError: it is not understood, or one that is needed is not there.
        """
        try:
            found = _yaml.parse(self.param_str)
        except CaffeError as error:
            raise error.at(f"{self.place_name}, param_str") from None
        missing = [name for name in needed if found.get(name) is None]
        if missing:
            self.fail(f"param_str must give {' and '.join(missing)}", kind=ConfigError,
                      found=repr(self.param_str), fix=f"Write: \"'{missing[0]}': ...\"")
        if "cfg" in found:
            config.cfg_from_words(found["cfg"], f"{self.place_name}, param_str")
        return found

    def reshape(self, bottom: Blobs, top: Blobs) -> None:
        """How large the tops are shows in forward."""

    def backward(self, top: Blobs, propagate_down: Sequence[bool], bottom: Blobs) -> None:
        """No gradient flows to any bottom, even where one is asked for: rois and targets are data
        to the layers behind, though they come of what is learned."""
        for blob, wanted in zip(bottom, propagate_down, strict=True):
            if wanted:
                blob.diff[...] = 0
