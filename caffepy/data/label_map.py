"""label_map_file: what the numbers of classes mean, a LabelMap as prototxt.

    item { name: "cat" label: 1 display_name: "cat" }
"""

from __future__ import annotations

from caffepy import log
from caffepy.errors import NotFound, shown
from caffepy.proto import caffe_pb2, text

logger = log.get(__name__)


def read(path: str) -> dict[int, str]:
    """The name of each label.

    Raises:
        NotFound: no such file. ConfigError: it is no LabelMap.
    """
    labels = caffe_pb2.LabelMap()
    try:
        text.read(path, labels)
    except NotFound:
        raise NotFound("there is no such label_map_file", where=path) from None
    return {item.label: item.name for item in labels.item}


def read_if_there(path: str) -> dict[int, str] | None:
    """The same; None, and a warning, if no such file is there: SSD's fork never opens it."""
    if not path:
        return None
    try:
        return read(path)
    except NotFound:
        logger.warning("there is no label_map_file %s: labels are taken as they are.", shown(path))
        return None
