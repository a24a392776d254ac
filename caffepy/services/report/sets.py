"""All that a net holds against truths, judged in one run: one report for each set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from caffepy import log
from caffepy.checks import batches
from caffepy.core.net import Net
from caffepy.errors import ConfigError
from caffepy.services.folders import read_names
from caffepy.services.report import class_writing, mark_writing, number_writing, pairs, writing
from caffepy.services.report.judging import Judge
from caffepy.services.report.marks import MarkJudge
from caffepy.services.report.numbers import NumberJudge
from caffepy.services.report.seen import Seen

logger = log.get(__name__)

AnyJudge = Judge | MarkJudge | NumberJudge
JUDGES: dict[str, type[AnyJudge]] = {
    pairs.CLASSES: Judge, pairs.MARKS: MarkJudge, pairs.NUMBERS: NumberJudge}


class Sets:
    """Looks at a net after each forward; the net must keep its blobs.

    Args:
        names: files with names of classes or marks, in the order of the sets that have any;
            "" or none: labels.txt beside the data, where the set is the data's own labels.

    Attributes:
        judges: one for each set.

    Raises:
        ConfigError: nothing in the net compares answers with truths, or there are more files than
            sets. NotFound, DataError: a file is not there, or has too many names.
    """

    def __init__(self, net: Net, names: Sequence[str] = ()) -> None:
        self._seen = Seen.of(net)
        self.total = batches.records(self._seen.layer) if self._seen else None
        self.judges: list[AnyJudge] = [
            JUDGES[pair.kind](pair, self._seen, self.total) for pair in pairs.of(net)]
        named = [judge for judge in self.judges if not isinstance(judge, NumberJudge)]
        if len(names) > len(named):
            raise ConfigError(
                "-labels has more files than the net has sets of labels", found=", ".join(names),
                allowed=f"{len(named)}, for " + ", ".join(judge.pair.name for judge in named))
        paths = dict(zip(map(id, named), names, strict=False))
        own = self._seen.label_name if self._seen else ""
        self._names = {id(judge): self._called(judge, paths.get(id(judge), ""), own)
                       for judge in named}
        if len(self.judges) > 1:
            logger.info("Sets of labels to report on: %s",
                        ", ".join(judge.pair.name for judge in self.judges))

    def _called(self, judge: Judge | MarkJudge, path: str, own: str) -> list[str]:
        if isinstance(judge, Judge):
            return writing.names_for(judge, path, len(self.judges) == 1 or judge.pair.name == own)
        given, count = read_names(path) if path else [], len(judge.table)
        return [*given[:count], *map(str, range(len(given), count))]

    @property
    def batch(self) -> int:
        """Items that a forward brings."""
        return self.judges[0].batch

    def look(self) -> None:
        """Judge the batch that was just run."""
        for judge in self.judges:
            judge.look()

    def write(self, folder: str) -> dict[str, Any]:
        """Write the reports and log them: that of one set into the folder, those of several into
        folders of their own there, with one report.json for all.

        Returns: what report.json has.
        """
        if len(self.judges) == 1:
            return self._write(folder, self.judges[0])
        told: dict[str, Any] = {"sets": []}
        taken: set[str] = set()
        for judge in self.judges:
            name = _folder(judge.pair.name, taken)
            logger.info("Labels '%s':", judge.pair.name)
            inner = str(Path(folder, name))
            writing.prepare(inner)
            told["sets"].append({"folder": name, **self._write(inner, judge)})
        writing.put(folder, {"report.json": writing.as_json(told)})
        return told

    def _write(self, folder: str, judge: AnyJudge) -> dict[str, Any]:
        if isinstance(judge, Judge):
            return class_writing.write(folder, judge, self._names[id(judge)])
        if isinstance(judge, MarkJudge):
            return mark_writing.write(folder, judge, self._names[id(judge)])
        return number_writing.write(folder, judge)


def _folder(name: str, taken: set[str]) -> str:
    """A folder's name for a set, another for each."""
    plain = "".join(c if c.isalnum() or c in "-_." else "_" for c in name).strip(".") or "labels"
    while plain in taken:
        plain += "_"
    taken.add(plain)
    return plain
