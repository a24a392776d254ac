"""From a database to pictures with labels: its records in order, round and round."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from caffepy import log
from caffepy.data import datum
from caffepy.data.course import Share, Worker, log_new_round
from caffepy.data.db import Record, open_db
from caffepy.data.indexed import Indexed
from caffepy.data.pictures import Pictures
from caffepy.data.records import Room
from caffepy.data.recycle import Batch
from caffepy.data.whole import Whole
from caffepy.errors import CaffeError, ConfigError, DataError
from caffepy.proto import caffe_pb2
from caffepy.proto.paths import path_of

logger = log.get(__name__)

LARGE = 1 << 16  # bytes of a plain record from which they are read one by one
NUMBERED = re.compile(r"^[0-9]{8}_(?=.)")
SLOW = 1 << 12  # bytes of a record from which several threads decode or change it


class DatumReader:
    """The records of a database as an endless sequence, read from any place on.

    Args:
        source, backend: as ``open_db`` takes them.

    Attributes:
        source: as given.
        place: of the record that comes next, counted over all rounds.

    Raises:
        NotFound, DataError: as ``open_db``; or the database is empty.
    """

    def __init__(self, source: str, backend: str | int) -> None:
        self._db = open_db(source, backend)
        if not self._db.valid:
            self._db.close()
            raise DataError("the database is empty", where=source)
        self.source = source
        self._entries: int | None = None
        self.place = 0
        self._round = 0  # the place at which the cursor's round began

    def seek(self, place: int) -> None:
        """Go to a place, and say nothing of rounds that are passed."""
        if place < self.place:
            self._first(0)
        self._go(place, quiet=True)

    def advance(self, count: int) -> None:
        """Leave out ``count`` records."""
        self._go(self.place + count)

    def peek(self) -> Record:
        """The record at the place, without going on."""
        return self._db.key, self._db.value

    def take(self, count: int) -> list[Record]:
        """The next ``count`` records."""
        records: list[Record] = []
        while len(records) < count:
            records += (taken := self._db.take(count - len(records)))
            self.place += len(taken)
            self._wrap()
        return records

    @property
    def entries(self) -> int | None:
        """How many records there are; None where a walk through them all has yet to tell."""
        if self._entries is None:
            self._entries = self._db.entries
        return self._entries

    def close(self) -> None:
        self._db.close()

    def _first(self, place: int) -> None:
        self._db.seek_to_first()
        self.place = self._round = place

    def _wrap(self, quiet: bool = False) -> None:
        if not self._db.valid:
            if not quiet:
                log_new_round()
            self._entries = self.place - self._round
            self._first(self.place)

    def _go(self, place: int, quiet: bool = False) -> None:
        """Go on; whole rounds are left out where nobody needs to hear of them."""
        while self.place < place:
            entries, ahead = self.entries if quiet else None, place - self._round
            if entries and ahead >= entries:
                self._first(self._round + ahead - ahead % entries)
            else:
                self.place += self._db.skip(place - self.place)
                self._wrap(quiet)


class Datums(Pictures[Record]):
    """The Datums of a database, in the order of the keys, or of several in any order (``shuffle``,
    ``mix`` and ``balance``), by an index.

    Args:
        param, transform_param: the layer's data_param and transform_param.
        worker: who reads.

    Raises:
        ConfigError, NotFound, DataError: naming the record where there is one.
    """

    def __init__(
        self, param: caffe_pb2.DataParameter, transform_param: caffe_pb2.TransformationParameter,
        worker: Worker,
    ) -> None:
        if not param.source:
            raise ConfigError("data_param needs a source, the folder of a database")
        super().__init__(transform_param, worker)
        self._source = " or ".join([path_of(param, "source"),
                                    *(path_of(one, "source") for one in param.mix)])
        self._indexed: Indexed | None = None
        self._large = False
        if param.shuffle or param.mix or param.balance:
            self._indexed = Indexed(param)
            self.groups = self._indexed.groups
        else:
            self._reader = DatumReader(path_of(param, "source"), param.backend)

    @property
    def count(self) -> int | None:  # type: ignore[override]
        """None for a large LevelDB, which does not know."""
        return self._indexed.count if self._indexed else self._reader.entries

    def record(self, index: int) -> Record:
        assert self._indexed
        return self._indexed.record(index)

    def first(self, share: Share) -> Record:
        if self._indexed:
            record = super().first(share)
        else:
            self._reader.seek(share.stretch.start)
            record = self._reader.peek()
        try:
            encoded, size = self.parse(record[1]).encoded, len(record[1])
        except CaffeError as error:
            raise error.at(self.where(record)) from error
        if self.transformer.color is not None and not encoded:
            logger.warning("force_color and force_gray do nothing: the Datums are not encoded")
        self._large = not encoded and size > LARGE
        self._slow = (encoded or bool(self.augmentation)) and size > SLOW
        self.at_once = not self._large and not self._slow
        return record

    def readers(self, record: Record) -> int:
        return super().readers(record) if self._slow else 1

    def records(self, share: Share) -> Iterable[Record]:
        """Large ones are read when their turn comes, into the same room again: clearing new pages
        of memory takes the system longer than all that is done with them."""
        if self._indexed:
            return map(self.record, share.indices(self._indexed.count))
        places = share.places
        if places.step == 1 and not self._large:
            return self._reader.take(len(places))
        return self._one_by_one(places)

    def _one_by_one(self, places: range) -> Iterator[Record]:
        for place in places:
            self._reader.advance(place - self._reader.place)
            yield self._reader.take(1)[0]

    def batch(self, share: Share, room: Room) -> Batch | Whole:
        if self._indexed:
            return super().batch(share, room)
        self._reader.seek(share.stretch.start)
        batch = super().batch(share, room)
        self._reader.advance(share.stretch.stop - self._reader.place)
        return batch

    def called(self, index: int) -> str:
        """Its key, without the number that convert_imageset puts before a path."""
        if self._indexed:
            key = self._indexed.key(index)
        else:
            self._reader.seek(index)
            key = self._reader.peek()[0]
        return NUMBERED.sub("", key.decode(errors="backslashreplace"))

    def parse(self, value: bytes) -> caffe_pb2.Datum:
        """The Datum of the first record."""
        parsed = datum.parse(value)
        if not (parsed.encoded or parsed.HasField("channels")) and (
                caffe_pb2.AnnotatedDatum.FromString(value).HasField("datum")):
            raise DataError("the records are pictures with boxes",
                            fix='Write type: "AnnotatedData", with the same data_param.')
        return parsed

    def load(self, record: Record) -> tuple[np.ndarray, Any]:
        return datum.decode(record[1], self.transformer.color)

    def light(self, record: Record) -> Record:
        return record[0], b""

    def where(self, record: Record) -> str:
        return f"record {record[0].decode(errors='backslashreplace')!r} of {self._source}"

    def close(self) -> None:
        super().close()
        (self._indexed or self._reader).close()
