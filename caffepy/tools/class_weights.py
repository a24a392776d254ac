"""class_weights: how often each class stands in a data set, and weights by that.

    class_weights train_lmdb
    class_weights -pixels -ignore_label=255 -method=median -infogain=H.binaryproto pairs.txt

The lines for the loss are printed below the table. docs/tools.md has the formulas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from caffepy import log
from caffepy.cli import gflags
from caffepy.columns import columns
from caffepy.services import class_weights, label_counts

if TYPE_CHECKING:
    from caffepy.services.label_counts import Counts

logger = log.get(__name__)


@gflags.command(
    "class_weights",
    help="Count the labels of SOURCE (an LMDB or LevelDB, a list of pictures, an HDF5 file or a "
    "list of such), and print weights of the classes for a loss.",
)
@click.argument("source")
@gflags.flag("method", gflags.Choice(*class_weights.METHODS), "inverse", "How rare classes are "
             "weighed: inverse frequency, median frequency, effective number.")
@gflags.flag("beta", float, class_weights.BETA, "Of the effective number.")
@gflags.flag("pixels", bool, False, "Labels are pictures: the records of the database, or the "
             "second files of the list's lines.")
@gflags.flag("ignore_label", int, None, "A label that does not count.")
@gflags.flag("classes", int, 0, "How many classes there are; 0: as the largest label says.")
@gflags.flag("dataset", str, "label", "The dataset of HDF5 files.")
@gflags.flag("root_folder", str, "", "What the paths of the list begin with.")
@gflags.flag("infogain", gflags.FILE, "", "Write InfogainLoss's matrix to this file.")
def main(
    source: str, method: str, beta: float, pixels: bool, ignore_label: int | None, classes: int,
    dataset: str, root_folder: str, infogain: str,
) -> None:
    counts = label_counts.counts_of(source, pixels=pixels, ignore_label=ignore_label,
                                    dataset=dataset, root=root_folder, classes=classes)
    found = class_weights.weights(counts, method, beta)
    click.echo("\n".join(_table(counts, found)))
    for label in (counts.each == 0).nonzero()[0]:
        logger.warning("class %d has no label: its weight is 0", label)
    if infogain:
        class_weights.write_infogain(infogain, found)
        logger.info("Write to %s", infogain)
    click.echo(f"\n{class_weights.prototxt(found, infogain, ignore_label)}")


def _table(counts: Counts, found: class_weights.Array) -> list[str]:
    rows = [("class", "labels", "share", "weight")]
    rows += [(str(label), str(each), f"{each / counts.total:.4%}", f"{weight:.6g}")
             for label, (each, weight) in enumerate(zip(counts.each, found, strict=True))]
    rows.append(("all", str(counts.total), "", ""))
    if counts.ignored:
        rows.append(("ignored", str(counts.ignored), "", ""))
    return columns(rows, right=range(4))


if __name__ == "__main__":
    main()
