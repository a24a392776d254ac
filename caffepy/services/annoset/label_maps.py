"""A list of names as a label map.

A line has one to three fields: `name`, `name label`, or `name label display_name`. Without labels
the lines are counted, from 1 if class 0 is the background, else from 0.
"""

from __future__ import annotations

from caffepy import log
from caffepy.data.image_list import atoi
from caffepy.errors import ConfigError, DataError, shown
from caffepy.proto import caffe_pb2, textfile
from caffepy.proto.files import atomic_write
from caffepy.proto.printer import to_text

logger = log.get(__name__)

BACKGROUND = "none_of_the_above", "background"
FIELDS = 3


def create(path: str, target: str, include_background: bool = False, delimiter: str = " ") -> None:
    """Write the label map of the names at ``path``.

    Raises: as ``read``, and DataError if ``target`` cannot be written.
    """
    labels = read(path, include_background, delimiter)
    with atomic_write(target) as file:
        file.write(to_text(labels).encode("utf-8", "surrogateescape"))
    logger.info("Wrote %s: %d classes", shown(target), len(labels.item))


def read(path: str, include_background: bool = False, delimiter: str = " ") -> caffe_pb2.LabelMap:
    """The label map of a list of names.

    Args:
        include_background: label 0 is none_of_the_above.
        delimiter: each of its letters stands between two fields.

    Raises:
        NotFound: no such file. DataError: a line has another number of fields than the first, or
            more than three, or a label that is no number. ConfigError: no delimiter.
    """
    if not delimiter:
        raise ConfigError("delimiter is empty", allowed='one letter or several, as ","')
    made = caffe_pb2.LabelMap()
    if include_background:
        made.item.add(name=BACKGROUND[0], label=0, display_name=BACKGROUND[1])
    count = 0
    for number, line in enumerate(textfile.read_lines(path), 1):
        fields = _split(textfile.printable(line).rstrip("\r"), delimiter)
        if not any(fields):
            continue
        where = f"{path}:{number}"
        count = count or len(fields)
        if len(fields) != count or count > FIELDS:
            raise DataError("Inconsistent number of fields per line", where=where,
                            found=f"{len(fields)} fields", allowed=f"{count}" if count <= FIELDS
                            else "name, label and display_name at most",
                            fix="Say what stands between them: --delimiter ','.")
        name, label, shown_name = (*fields, *[""] * (FIELDS - count))
        if label and label.strip().lstrip("+-") != str(abs(atoi(label))):
            raise DataError("a label is a whole number", where=where, found=repr(label))
        made.item.add(name=name, label=atoi(label) if count > 1 else len(made.item),
                      display_name=shown_name or name)
    if len(made.item) == include_background:
        raise DataError("the file has no name", where=path, allowed="one a line")
    return made


def _split(line: str, delimiter: str) -> list[str]:
    for letter in delimiter[1:]:
        line = line.replace(letter, delimiter[0])
    return line.split(delimiter[0])
