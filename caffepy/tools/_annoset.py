"""What convert_annoset and create_annoset share: their flags, and what these mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from caffepy.cli import gflags
from caffepy.services import work
from caffepy.services.annoset.converting import ANNO_TYPES, CLASSIFICATION, convert
from caffepy.services.annoset.sources import PARSERS
from caffepy.services.picture_records import Format
from caffepy.services.storing import report_skipped


def flags(function: Callable[..., Any]) -> Callable[..., Any]:
    """The decorator that gives a command the flags of both tools."""
    for flag in reversed((
        gflags.flag("anno_type", gflags.Choice(*ANNO_TYPES), CLASSIFICATION,
                    "What stands behind a picture: its label, or a file of its boxes."),
        gflags.flag("label_type", gflags.Choice(*PARSERS), "xml",
                    "The annotation files: VOC's, COCO's, or `label xmin ymin xmax ymax` lines."),
        gflags.flag("label_map_file", gflags.FILE, "", "The classes' numbers, a LabelMap."),
        gflags.flag("check_label", bool, False, "No name and no label may be twice in it."),
        gflags.flag("min_dim", int, 0, "Enlarge pictures whose shorter side is below this."),
        gflags.flag("max_dim", int, 0, "Shrink pictures whose longer side is above this."),
        gflags.flag("resize_width", int, 0, "Width to bring pictures to; 0 keeps it."),
        gflags.flag("resize_height", int, 0, "Height to bring pictures to; 0 keeps it."),
        gflags.flag("gray", bool, False, "Store pictures as one gray channel."),
        gflags.flag("shuffle", bool, False, "Shuffle the list."),
        gflags.flag("seed", int, work.SEED, "The same seed shuffles in the same way."),
        gflags.flag("backend", gflags.Choice("lmdb", "leveldb"), "lmdb", "Kind of database."),
        gflags.flag("check_size", bool, False, "Stop if a picture's size is not the first one's."),
        gflags.flag("encoded", bool, False, "Store pictures as the bytes of a picture file."),
        gflags.flag("encode_type", str, "", "Encode all as this (png, jpg...); implies encoded."),
        gflags.flag("allow_missing", bool, False,
                    "A picture whose annotation file is not there is one without boxes."),
        gflags.flag("jobs", int, 0, "Threads that read and decode; 0 means one a processor."),
    )):
        flag(function)
    return function


def make(
    root: str, listfile: str, path: str, mode: str, *, gray: bool, resize_height: int,
    resize_width: int, encoded: bool, encode_type: str, min_dim: int, max_dim: int, **options: Any,
) -> int:
    """Write the database as these flags say; the program's exit code."""
    form = Format(gray, resize_height, resize_width, encoded, encode_type,
                  max(0, min_dim), max(0, max_dim))
    result = convert(root, listfile, path, mode=mode, format=form, **options)
    if result.skipped:
        report_skipped(result.skipped, result.count + len(result.skipped))
    return 1 if result.skipped else 0
