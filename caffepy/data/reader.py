"""From a database to batches: records in order, round and round, transformed into arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

import numpy as np

from caffepy import log
from caffepy.data import datum
from caffepy.data.crew import Crew, decoders
from caffepy.data.db import Record, open_db
from caffepy.data.recycle import Batch, Shelf
from caffepy.data.transform import Transformer, draws, stream_key
from caffepy.data.whole import Collector, Room, Whole, whole_bytes
from caffepy.errors import CaffeError, ConfigError, DataError
from caffepy.proto import caffe_pb2
from caffepy.proto.paths import path_of

logger = log.get(__name__)

LARGE = 1 << 16  # bytes of a plain record from which they are read one by one
SLOW = 1 << 12  # bytes of an encoded record from which several threads decode


class DatumReader:
    """The records of a database as an endless sequence; with several ranks, each one's share.

    Record i of the sequence goes to rank i % size. ``position`` counts the records that all
    ranks together have consumed, so it is the same on each of them and a run may go on with
    another number of ranks.

    Args:
        source, backend: as ``open_db`` takes them.
        skip: how many records the sequence leaves out at its start (once, not on each round).
    """

    def __init__(
        self, source: str, backend: str | int, *, skip: int = 0, rank: int = 0, size: int = 1
    ) -> None:
        self._db = open_db(source, backend)
        if not self._db.valid:
            self._db.close()
            raise DataError("the database is empty", where=source)
        self.source = source
        self._entries: int | None = None
        self._skip = skip
        self._rank, self._size = rank, size
        self.position = 0
        self.seek(0)

    def seek(self, position: int) -> None:
        """Stand where ``position`` was taken."""
        self._db.seek_to_first()
        self._advance(self._skip + position, quiet=True)
        self.position = position

    def peek(self) -> Record:
        """The record at the position, without consuming it."""
        return self._db.key, self._db.value

    def take(self, count: int) -> list[Record]:
        """This rank's next ``count`` records."""
        records: list[Record] = []
        while len(records) < count:
            if self._size == 1:
                records += self._db.take(count - len(records))
                self._wrap()
            else:
                self._advance(self._rank)
                records += self._db.take(1)
                self._wrap()
                self._advance(self._size - 1 - self._rank)
        self.position += count * self._size
        return records

    @property
    def entries(self) -> int | None:
        """How many records there are; None where a walk through them all has yet to tell."""
        if self._entries is None:
            self._entries = self._db.entries
        return self._entries

    def close(self) -> None:
        self._db.close()

    def _wrap(self, quiet: bool = False) -> None:
        if not self._db.valid:
            if not quiet:
                logger.info("Restarting data prefetching from start.")
            self._db.seek_to_first()

    def _advance(self, count: int, quiet: bool = False) -> None:
        """Go on by ``count`` records; a count of rounds is left out as soon as it is known."""
        from_start = quiet
        if from_start and count and self.entries:
            count %= self.entries
        while count:
            passed = self._db.skip(count)
            count -= passed
            if not self._db.valid:
                self._wrap(quiet)
                if from_start:
                    self._entries = passed
                    count %= passed


class BatchSource:
    """A Data layer's batches, made one by one; a Prefetcher calls ``next`` ahead of the net.

    Args:
        data_param, transform_param: the layer's.
        phase: in TEST every rank sees all records, in TRAIN its share.
        seed, stream: what rand_skip, crops and mirrors depend on; the same on every rank.
        threads: how many the net computes with; see ``crew.decoders``.

    Attributes:
        shape: N x C x H x W of the first batch. Later ones may differ in H and W.
        whole_bytes: what a batch of whole pictures takes as bytes; 0 if the first is none of bytes.
        position: records consumed so far (see DatumReader).

    Raises:
        ConfigError, NotFound, DataError, ShapeError: naming the record where there is one.
    """

    def __init__(
        self,
        data_param: caffe_pb2.DataParameter,
        transform_param: caffe_pb2.TransformationParameter,
        phase: int,
        *,
        seed: int = 0,
        stream: str = "",
        rank: int = 0,
        size: int = 1,
        threads: int | None = None,
    ) -> None:
        if not data_param.batch_size:
            raise ConfigError("data_param needs a batch_size of 1 or more")
        if not data_param.source:
            raise ConfigError("data_param needs a source, the folder of a database")
        self.batch_size = data_param.batch_size
        self._transformer = Transformer(transform_param, phase, seed, stream)
        if phase == caffe_pb2.TEST:
            rank, size = 0, 1
        self._rank, self._size = rank, size
        skip = 0
        if data_param.rand_skip:
            stream_id = stream_key(seed, stream + "/rand_skip")
            skip = int(draws(stream_id, np.zeros(1, np.int64), data_param.rand_skip)[0])
            logger.info("Skipping first %d data points.", skip)
        self._reader = DatumReader(
            path_of(data_param, "source"), data_param.backend, skip=skip, rank=rank, size=size
        )
        self._shelf = Shelf()
        self._collector: Collector | None = None
        self._crew: Crew | None = None
        try:
            key, value = self._reader.peek()
            _, picture, _ = self._decode((key, value))
            self.shape = (self.batch_size, *self._shape(key, picture))
            self.whole_bytes = whole_bytes(self.batch_size, picture)
            encoded = datum.parse(value).encoded
            if encoded and len(value) > SLOW:
                self._crew = Crew(decoders(threads))
        except BaseException:
            self.close()
            raise
        self._large = not encoded and len(value) > LARGE
        if self._transformer.color is not None and not encoded:
            logger.warning("force_color and force_gray do nothing: the Datums are not encoded")

    @property
    def position(self) -> int:
        return self._reader.position

    @property
    def records(self) -> int | None:
        """How many records the database has; None for a large LevelDB, which does not know."""
        return self._reader.entries

    def seek(self, position: int) -> None:
        """Go on as if ``position`` records had been consumed: one walk through the keys."""
        self._reader.seek(position)

    def send_whole(self, room: Room) -> Collector:
        """From now on batches are of whole pictures, in memory that ``room`` makes, where they fit.
        They are given back to the collector."""
        self._collector = Collector(self._transformer, room)
        return self._collector

    def next(self) -> Batch | Whole:
        """The next batch, in a recycled one's arrays if there is one of its shape."""
        first = self._reader.position + self._rank
        keys: list[bytes] = []
        labels: list[int] = []
        pictures = self._pictures(keys, labels)
        begun = list(islice(pictures, 1 if self._crew or self._large else None))
        shape = (self.batch_size, *self._shape(keys[0], begun[0]))
        given: Iterable[np.ndarray] = (
            begun if len(begun) == self.batch_size else chain(begun, pictures))
        batch: Batch | Whole | None = None
        if self._collector:
            batch, given = self._collector.collect(given, self.batch_size, first, self._size)
        if batch is None:
            batch = self._shelf.take(shape)
            self._transformer.batch(
                given, first, batch.data, self._size, lambda i: self._name(keys[i]))
        batch.labels[...] = labels
        batch.position = self._reader.position
        return batch

    def recycle(self, batch: Batch) -> None:
        """Give a batch back that nobody reads any more: its arrays serve again."""
        self._shelf.give(batch)

    def close(self) -> None:
        if self._crew:
            self._crew.close()
        self._reader.close()

    def _shape(self, key: bytes, picture: np.ndarray) -> tuple[int, int, int]:
        try:
            return self._transformer.output_shape(*picture.shape)
        except CaffeError as error:
            raise error.at(self._name(key)) from error

    def _pictures(self, keys: list[bytes], labels: list[int]) -> Iterator[np.ndarray]:
        """A batch's pictures, one by one; their keys and labels are added to the lists."""
        records = self._records()
        decode = self._crew.map if self._crew else map
        for key, picture, label in decode(self._decode, records):
            keys.append(key)
            labels.append(label)
            yield picture

    def _records(self) -> Iterator[Record]:
        """A batch's records. Large ones are read when their turn comes, into the same room again:
        clearing new pages of memory takes the system longer than all that is done with them."""
        if not self._large:
            return iter(self._reader.take(self.batch_size))
        return (self._reader.take(1)[0] for _ in range(self.batch_size))

    def _decode(self, record: Record) -> tuple[bytes, np.ndarray, int]:
        key, value = record
        try:
            picture, label = datum.decode(value, self._transformer.color)
        except CaffeError as error:
            raise error.at(self._name(key)) from error
        return key, picture, label

    def _name(self, key: bytes) -> str:
        return f"record {key.decode(errors='backslashreplace')!r} of {self._reader.source}"
