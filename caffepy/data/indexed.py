"""Databases whose records are found by number, in any order: an index of their keys.

The keys lie one behind the other in one array of bytes, with an array of where they begin: about as
much memory as they have bytes, and eight for each. LMDB's keys are read without the values; LevelDB
has both together, so it is read through.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from caffepy.data import datum
from caffepy.data.db import Reader, Record, open_db
from caffepy.data.groups import Group, by_class
from caffepy.errors import CaffeError, ConfigError, DataError, shown
from caffepy.proto import caffe_pb2
from caffepy.proto.paths import path_of


class Keys:
    """The keys of a database, by number.

    Args:
        keys: of all records.
    """

    def __init__(self, keys: Iterator[bytes]) -> None:
        parts, ends = bytearray(), [0]
        for key in keys:
            parts += key
            ends.append(len(parts))
        self._bytes = bytes(parts)
        self._ends = np.array(ends, np.int64)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, index: int) -> bytes:
        return self._bytes[self._ends[index] : self._ends[index + 1]]


class Indexed:
    """The records of a data_param's databases: of the first, then of those of ``mix``.

    Args:
        param: the data_param.

    Attributes:
        count: how many there are in all.
        groups: what records are drawn from: each database by its weight, or with ``balance`` each
            class alike; None for one database.

    Raises:
        NotFound, DataError: as ``open_db``; or one is empty. ConfigError: settings that cannot be.
    """

    def __init__(self, param: caffe_pb2.DataParameter) -> None:
        if param.balance and param.mix:
            raise ConfigError("balance and mix exclude each other",
                              fix="Make one database of both, or leave balance out.")
        sources = [(path_of(param, "source"), param.backend)]
        for one in param.mix:
            if not one.source:
                raise ConfigError("mix needs a source, the folder of a database",
                                  fix='Write mix { source: "folder" weight: 1 }.')
            sources.append((path_of(one, "source"),
                            one.backend if one.HasField("backend") else param.backend))
        self._databases: list[Reader] = []
        self._keys: list[Keys] = []
        try:
            for source, backend in sources:
                self._databases.append(open_db(source, backend))
                self._keys.append(Keys(self._databases[-1].keys()))
                if not len(self._keys[-1]):
                    raise DataError("the database is empty", where=source)
            self._starts = np.cumsum([0, *map(len, self._keys)])
            self.count = int(self._starts[-1])
            self.groups = self._grouped(param)
        except BaseException:
            self.close()
            raise

    def record(self, index: int) -> Record:
        """Key and value of a record."""
        which, key = self._place(index)
        return key, self._databases[which].look_up(key)

    def key(self, index: int) -> bytes:
        return self._place(index)[1]

    def close(self) -> None:
        for database in self._databases:
            database.close()

    def _place(self, index: int) -> tuple[int, bytes]:
        which = int(np.searchsorted(self._starts, index, "right")) - 1
        return which, self._keys[which][index - int(self._starts[which])]

    def _grouped(self, param: caffe_pb2.DataParameter) -> Sequence[Group] | None:
        if param.balance:
            return by_class(self._labels())
        if not param.mix:
            return None
        weights = [param.weight, *(one.weight for one in param.mix)]
        return [Group(database.path, weight, range(int(start), int(start) + len(keys)))
                for database, weight, start, keys in zip(
                    self._databases, weights, self._starts, self._keys, strict=False)]

    def _labels(self) -> Iterator[int]:
        for index in range(self.count):
            key, value = self.record(index)
            try:
                yield datum.label(value)
            except CaffeError as error:
                place = f"record {key.decode(errors='backslashreplace')!r}"
                raise error.at(f"{place} of {shown(self._databases[0].path)}") from error
