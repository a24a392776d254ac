"""A list of pictures with annotations as a database of AnnotatedDatums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from caffepy import log
from caffepy.data import image_list, label_map
from caffepy.data.image_list import Line
from caffepy.errors import ConfigError, shown
from caffepy.proto import caffe_pb2
from caffepy.proto.varint import LENGTH, key, varint
from caffepy.services import storing
from caffepy.services.annoset.box_check import Refused, Tally, groups
from caffepy.services.annoset.box_list import BoxLine
from caffepy.services.annoset.sources import open_source
from caffepy.services.imagesets import check_labels, histogram
from caffepy.services.picture_records import Format, checked, read_picture, serialized
from caffepy.services.storing import Outcome, Record

logger = log.get(__name__)

ANNO_TYPES = CLASSIFICATION, DETECTION = "classification", "detection"
NOTED = 20     # boxes that look wrong, with a line each; the rest are counted
NAMED = 20     # classes named with their numbers of boxes
NO_LABEL = -1  # that of a picture with boxes
FAILED = "Failed to read"
DATUM = caffe_pb2.AnnotatedDatum.DESCRIPTOR.fields_by_name["datum"].number


@dataclass
class Result(Outcome):
    """What became of a list.

    Attributes:
        tally: of the boxes of all pictures that were stored.
        unknown: classes that the label map lacks, with the number of their boxes; the pictures are
            among the skipped ones.
    """

    tally: Tally = field(default_factory=Tally)
    unknown: Counter[str] = field(default_factory=Counter)


def convert(
    root: str, listfile: str, path: str, backend: str = "lmdb", *,
    anno_type: str = CLASSIFICATION, label_map_file: str = "", label_type: str = "xml",
    check_label: bool = False, allow_missing: bool = False, **options: Any,
) -> Result:
    """Write the database at ``path``, of labels or of boxes; see ``convert_boxes``.

    Args:
        anno_type: classification, which reads a label behind each picture and lets the settings of
            annotation files be; or detection.
    """
    if anno_type == CLASSIFICATION:
        return convert_labels(root, listfile, path, backend, **options)
    return convert_boxes(
        root, listfile, path, backend, label_map_file=label_map_file, label_type=label_type,
        check_label=check_label, allow_missing=allow_missing, **options)


def convert_labels(
    root: str, listfile: str, path: str, backend: str = "lmdb", *,
    format: Format = Format(), **options: Any,  # noqa: B008  frozen
) -> Result:
    """Write the database at ``path`` from a list of pictures with a label each; parameters and
    errors are those of ``convert_boxes``."""
    format, lines = checked(format), image_list.read_list(listfile)
    check_labels(lines, listfile)
    labels: Counter[int] = Counter()

    def read(line: Line, place: str) -> Record:
        picture = read_picture(place, format)
        return Record(_around(serialized(picture, line.label)), picture.shape, line.label)

    def stored(line: Line, key: bytes, record: Record) -> None:
        labels[record.notes] += 1

    outcome = storing.store(
        lines, read, path, backend, root=storing.root_of(root, lines[0].path), source=listfile,
        stored=stored, failed=FAILED, **options)
    logger.info("%s", histogram(labels))
    return Result(outcome.count, outcome.skipped)


def convert_boxes(
    root: str, listfile: str, path: str, backend: str = "lmdb", *, label_map_file: str,
    label_type: str = "xml", check_label: bool = False, allow_missing: bool = False,
    format: Format = Format(), **options: Any,  # noqa: B008  frozen
) -> Result:
    """Write the database at ``path`` from a list of pictures with an annotation file each, or from
    COCO's file of a whole set.

    Args:
        root: put right before each path of the list.
        listfile: the list; with label_type json also a set's own .json.
        label_map_file: which number a class has.
        label_type: the annotations' format: xml, json or txt.
        check_label: no name and no label may be twice in the label map.
        allow_missing: a picture whose annotation file is not there is one without boxes.
        format: how pictures are stored.
        options: see caffepy.services.storing.store.

    Raises:
        NotFound: no list, no root folder, no label map. DataError, ConfigError: as
            caffepy.services.storing.store, and a list, label map or set that cannot be used.
    """
    if not label_map_file:
        raise ConfigError("detection needs a label map", fix="Give one: --label_map_file FILE; "
                          "create_label_map makes it of a list of names.")
    format, numbers = checked(format), label_map.Numbers.read(label_map_file, check_label)
    source = open_source(listfile, root, label_type, numbers, allow_missing)
    result = Result()

    def read(line: BoxLine, place: str) -> Record:
        picture = read_picture(place, format)
        annotation, where = source.annotation(line)
        found, tally = groups(annotation, picture.size, where)
        return Record(_around(serialized(picture, NO_LABEL), found), picture.shape, tally)

    def stored(line: BoxLine, key: bytes, record: Record) -> None:
        room = NOTED - len(result.tally.notes)
        for note in record.notes.notes[:room]:
            logger.warning("%s", note)
            result.tally.notes.append(note)
        result.tally.add(record.notes)

    outcome = storing.store(
        source.lines, read, path, backend, root=source.root, source=listfile, stored=stored,
        failed=FAILED, **options)
    result.count, result.skipped = outcome.count, outcome.skipped
    for _, error in outcome.skipped:
        if isinstance(error, Refused):
            result.unknown += error.unknown
    _report(result, label_map_file)
    return result


def _around(datum: bytes, groups: Sequence[caffe_pb2.AnnotationGroup] | None = None) -> bytes:
    """An AnnotatedDatum's bytes around those of its Datum, which are too many to be copied by a
    message; without groups it has no type."""
    rest = caffe_pb2.AnnotatedDatum()
    if groups is not None:
        rest.type = caffe_pb2.AnnotatedDatum.BBOX
        rest.annotation_group.extend(groups)
    return b"".join((key(DATUM, LENGTH), varint(len(datum)), datum, rest.SerializeToString()))


def _report(result: Result, label_map_file: str) -> None:
    """The boxes by class, and how many of them looked wrong."""
    tally, names = result.tally, label_map.read(label_map_file)
    counts = [f"{shown(names[label])} {count}" for label, count in tally.labels.most_common()]
    more = f" and {len(counts) - NAMED} more classes" if len(counts) > NAMED else ""
    logger.info("Boxes of each class: %s%s", ", ".join(counts[:NAMED]) or "none", more)
    for count, what in (
            (tally.beyond, "Boxes over the edge of their picture, kept as they are"),
            (tally.outside, "Boxes outside of their picture, left out"),
            (tally.empty, "Boxes without an area, left out"),
            (tally.bare, "Pictures without a box"),
            (tally.sizes, "Pictures of another size than their annotation says")):
        if count:
            logger.warning("%s: %d", what, count)
    if result.unknown:
        classes = result.unknown.most_common(NAMED)
        logger.error("Boxes of classes that the label map lacks, their pictures left out: %d (%s)",
                     result.unknown.total(),
                     ", ".join(f"{shown(name)} {count}" for name, count in classes))
