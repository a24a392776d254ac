"""label_map_file: what the numbers of classes mean, a LabelMap as prototxt.

    item { name: "cat" label: 1 display_name: "cat" }
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from caffepy import log
from caffepy.errors import DataError, NotFound, did_you_mean, shown
from caffepy.proto import caffe_pb2, text

logger = log.get(__name__)


@dataclass(frozen=True)
class Numbers:
    """The same the other way round: what number a class has.

    Attributes:
        names, display_names: the label of each.
        labels: all there are.
        path: of the file.
    """

    names: dict[str, int]
    display_names: dict[str, int]
    labels: frozenset[int]
    path: str

    @classmethod
    def read(cls, path: str, check: bool = False) -> Numbers:
        """
        Args:
            check: no name and no label may be there twice; else the last one of a name counts.

        Raises:
            NotFound, ConfigError: as ``read``. DataError: what is there twice (``check``).
        """
        items = read_items(path)
        if check:
            twice = [shown(word) for words in ([item.name for item in items],
                                               [f"label {item.label}" for item in items])
                     for word, count in Counter(words).items() if count > 1]
            if twice:
                raise DataError("names and labels must each be there once", where=path,
                                found=f"several times: {', '.join(twice)}")
        return cls({item.name: item.label for item in items},
                   {item.display_name: item.label for item in items if item.display_name},
                   frozenset(item.label for item in items), path)

    def of(self, name: str) -> int:
        """The label of a class.

        Raises:
            Unknown: the map has no such name.
        """
        if name not in self.names:
            raise Unknown("the label map has no such name", found=shown(name), name=name,
                          fix=did_you_mean(name, self.names) or f"Add it to {self.path}.")
        return self.names[name]

    def known(self, label: int) -> int:
        """The label, if there is one.

        Raises:
            Unknown: the map has no such label.
        """
        if label not in self.labels:
            raise Unknown("the label map has no such label", found=label, name=str(label),
                          fix=f"Add it to {self.path}.")
        return label


class Unknown(DataError):
    """A class that is not in the map.

    Attributes:
        name: what it is called.
    """

    def __init__(self, message: str, *, name: str, found: object, fix: str) -> None:
        super().__init__(message, found=found, fix=fix)
        self.name = name


def read(path: str) -> dict[int, str]:
    """The name of each label.

    Raises:
        NotFound: no such file. ConfigError: it is no LabelMap.
    """
    return {item.label: item.name for item in read_items(path)}


def read_items(path: str) -> list[caffe_pb2.LabelMapItem]:
    """The items of a label map, in their order; raises as ``read``."""
    labels = caffe_pb2.LabelMap()
    try:
        text.read(path, labels)
    except NotFound:
        raise NotFound("there is no such label_map_file", where=path) from None
    return list(labels.item)


def read_if_there(path: str) -> dict[int, str] | None:
    """The same; None, and a warning, if no such file is there: SSD's fork never opens it."""
    if not path:
        return None
    try:
        return read(path)
    except NotFound:
        logger.warning("there is no label_map_file %s: labels are taken as they are.", shown(path))
        return None
