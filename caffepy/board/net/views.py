"""What the page of a net shows, gathered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caffepy.board.keeping import Kept
from caffepy.board.models import Snapshot, weights_of
from caffepy.board.net import moving, times, weights
from caffepy.board.net.layers import in_words
from caffepy.board.net.looking import Looked, look
from caffepy.board.shelf import Shelf
from caffepy.errors import CaffeError

MOST_READ = 1 << 30  # bytes of snapshots for a layer's history; of more, fewer are looked at


@dataclass(frozen=True)
class Parameter:
    """One of a layer's, in a file of weights.

    Attributes:
        told: mean, std, least and most.
        steps: it over the snapshots, and ``ridges``, the same drawn; none of one snapshot alone.
    """

    index: int
    shape: str
    told: dict[str, float]
    steps: list[moving.Step]
    ridges: str


class Looks:
    """Nets that were looked at, and how long their layers take; see ``Ask.one``."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._looked: Kept[Looked] = Kept(16)
        self._took: Kept[list[times.Took]] = Kept(16)
        self._parameters: Kept[list[Parameter]] = Kept(32)

    def get(self, path: Path, phase: str) -> Looked:
        return self._looked.get((path, phase), lambda: look(path, phase, self._shelf), path)

    def parameters(self, layer: str, snapshot: Snapshot, others: Sequence[Snapshot]
                   ) -> list[Parameter]:
        """As ``parameters``, kept."""
        files = [one.found.path for one in (snapshot, *others)]
        return self._parameters.get((layer, *files), lambda: parameters(layer, snapshot, others),
                                    *files)

    def times(self, path: Path, phase: str, batch: int) -> list[times.Took]:
        """To be asked in the worker's thread."""
        return self._took.get((path, phase, batch), lambda: times.times(
            self.get(path, phase), self._shelf, batch), path)


def parameters(layer: str, snapshot: Snapshot, others: Sequence[Snapshot]) -> list[Parameter]:
    """Those of a layer.

    Args:
        snapshot: whose numbers are told.
        others: of the same training, the first first.

    Raises:
        CaffeError: the file has none of this layer, or cannot be read.
    """
    blobs = weights_of(snapshot.found.path).blobs(layer)
    size = max((one.found.size for one in others), default=1)
    series = moving.chosen(others, min(moving.MOST, max(2, MOST_READ // max(1, size))))
    history: list[tuple[str, list[Any]]] = []
    for one in series if len(series) > 1 else ():
        try:
            history.append((one.label, weights_of(one.found.path).blobs(layer)))
        except CaffeError:  # one that is being written
            continue
    found = []
    for index, blob in enumerate(blobs):
        if blob is None:
            continue
        steps, low, high = moving.steps(
            [(label, parts[index]) for label, parts in history
             if index < len(parts) and parts[index] is not None])
        shape = in_words(blob.shape)
        drawn = moving.ridges(steps, low, high, f"{layer}, {shape}: a histogram for each snapshot"
                              ) if len(steps) > 1 else ""
        found.append(Parameter(index, shape, weights.told(blob), steps, drawn))
    return found
