"""What a source of data is: records, and how those of a batch become numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from caffepy.core.memory import Shape
from caffepy.data import whole
from caffepy.data.course import Share
from caffepy.data.groups import Group
from caffepy.data.recycle import Batch

Room = Callable[[Sequence[Shape]], Batch]  # a batch for tops of these shapes, to be overwritten


class Records(ABC):
    """The records of a source. When which of them comes is no affair of theirs: see ``course``.

    Attributes:
        count: how many there are; None where only a long walk through them would tell.
        groups: what records are drawn from, if not from all of them alike.
        whole_bytes: what a batch of whole pictures takes as bytes, for those that can send them.
    """

    count: int | None = None
    groups: Sequence[Group] | None = None
    whole_bytes = 0

    @abstractmethod
    def begin(self, share: Share) -> list[Shape]:
        """Look at the first records, which ``batch`` will read; returns the shapes of the tops."""

    @abstractmethod
    def batch(self, share: Share, room: Room) -> Batch | whole.Whole:
        """The records of the share as numbers, in a batch that ``room`` gives, or as a Whole."""

    def send_whole(self, new_bytes: whole.NewBytes) -> whole.Collector | None:
        """From now on make batches of whole pictures where that can be, in memory of ``new_bytes``;
        used ones are given back to the collector. None: this source cannot."""
        return None

    def called(self, index: int) -> str:
        """What one of the ``count`` records is called; "" if it has no name."""
        return ""

    def close(self) -> None:  # noqa: B027 (some have nothing to let go of)
        """Let go of threads, files and databases."""
