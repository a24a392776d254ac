"""Batches of any source's records, one after the other."""

from __future__ import annotations

from caffepy.core.memory import Shape
from caffepy.data import whole
from caffepy.data.course import Course, Worker
from caffepy.data.records import Records, Room
from caffepy.data.recycle import Batch, Shelf


class BatchMaker:
    """Makes a data layer's batches: it keeps the position; the source reads the records.

    Args:
        records: the source; it is closed with the maker, and if the maker cannot be made.
        worker: who reads.
        batch_size: records of a batch, 1 or more.
        rand_skip, shuffle: see ``Course``.

    Attributes:
        shapes: of the first batch's tops. Later ones may have others.
        batch_size: as given.

    Raises:
        CaffeError: of the source, as ``next`` may.
    """

    def __init__(
        self,
        records: Records,
        worker: Worker,
        batch_size: int,
        *,
        rand_skip: int = 0,
        shuffle: bool = False,
    ) -> None:
        self._source = records
        self._shelf = Shelf()
        self.batch_size = batch_size
        try:
            self._course = Course(worker, rand_skip=rand_skip, shuffle=shuffle,
                                  groups=records.groups)
            self.shapes = records.begin(self._course.share(batch_size))
        except BaseException:
            records.close()
            raise

    @property
    def shape(self) -> Shape:
        """The first top's, of the first batch."""
        return self.shapes[0]

    @property
    def records(self) -> int | None:
        """How many records the source has; None where only a long walk would tell."""
        return self._source.count

    @property
    def position(self) -> int:
        """How many records all workers together have read."""
        return self._course.position

    def seek(self, position: int) -> None:
        """Go on as if ``position`` records had been read."""
        self._course.position = position

    def next(self, room: Room | None = None) -> Batch | whole.Whole:
        """The next batch.

        Args:
            room: where it is written; without it, a recycled batch's arrays if they fit, or new.
        """
        share = self._course.share(self.batch_size)
        batch = self._source.batch(share, room or self._shelf.take)
        batch.position = self._course.position = share.end
        return batch

    def called(self, number: int) -> str:
        """What record ``number`` of the order is called; "" if it has no name, or nobody knows
        which it is. It moves the source, so ask one that makes no batches."""
        total = self._source.count
        return self._source.called(self._course.of_number(number, total)) if total else ""

    def recycle(self, batch: Batch) -> None:
        """Give back a batch that nobody reads any more: its arrays are used again."""
        self._shelf.give(batch)

    @property
    def whole_bytes(self) -> int:
        """Bytes of a batch of whole pictures; 0 if the first picture's numbers are no bytes."""
        return self._source.whole_bytes

    def send_whole(self, new_bytes: whole.NewBytes) -> whole.Collector | None:
        """See ``Records.send_whole``."""
        return self._source.send_whole(new_bytes)

    def close(self) -> None:
        """Close the source."""
        self._source.close()
