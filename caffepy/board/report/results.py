"""What a test said of the runs' net, from a folder of ``caffepy test -report``."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from caffepy.board.results import reports
from caffepy.errors import CaffeError, NotFound

MOST_PICTURE = 8 << 20  # bytes of one, for a report is to be sent
MOST_NUMBERS = 60
MOST_CLASSES = 200
COLUMNS = ("name", "label", "count", "right", "accuracy", "average_precision", "iou")


@dataclass(frozen=True)
class Told:
    """Results in words.

    Attributes:
        numbers: names and values.
        heading, classes: a table of classes.
        pictures: titles and addresses that hold them.
    """

    folder: str
    headline: str
    numbers: list[tuple[str, str]]
    heading: list[str]
    classes: list[list[str]]
    pictures: list[tuple[str, str]]


def told(runs: Sequence[Path], folder: str | None) -> Told | None:
    """The results of a folder, or else of the newest one beside the runs; None if there is none.

    Raises:
        NotFound: the folder that is named has no report.json. DataError: it is none.
    """
    if folder is not None:
        if not (Path(folder) / reports.FILE).is_file():
            raise NotFound(f"the folder has no {reports.FILE}", where=folder,
                           fix="'caffepy test -report DIR' writes one.")
        return _told(Path(folder))
    found = [path.parent for run in runs for path in run.parent.glob(f"*/{reports.FILE}")]
    for beside in sorted(set(found), key=lambda one: (one / reports.FILE).stat().st_mtime,
                         reverse=True):
        try:
            return _told(beside)
        except CaffeError:  # another program's report.json
            continue
    return None


def _told(folder: Path) -> Told:
    report = reports.read(folder, folder.name)
    classes = report.classes()[:MOST_CLASSES]
    heading = [column for column in COLUMNS if any(column in one for one in classes)]
    pictures = []
    for file, title in report.pictures:
        if (folder / file).stat().st_size <= MOST_PICTURE:
            content = reports.picture(folder / file)
            pictures.append((title, f"data:image/png;base64,{b64encode(content).decode()}"))
    word = reports.in_words
    return Told(
        folder.name, report.headline,
        [(name, word(value)) for name, value in report.numbers()][:MOST_NUMBERS], heading,
        [[word(one.get(column, "")) for column in heading] for one in classes], pictures)
