"""create_annoset: convert_annoset as SSD's create_annoset.py calls it, with a link for the example.

    scripts/create_annoset.py --anno-type=detection --label-map-file=labelmap_voc.prototxt \\
        --min-dim=0 --max-dim=0 --resize-width=0 --resize-height=0 --check-label \\
        --encode-type=jpg --encoded --redo \\
        VOCdevkit trainval.txt VOCdevkit/VOC0712/lmdb/VOC0712_trainval_lmdb examples/VOC0712

The database is OUTDIR, whose folder is made; EXAMPLEDIR gets a link to it, of the same name. A
database that is there already stays unless --redo is given, and then until the new one is complete.
"""

from __future__ import annotations

import os
from typing import Any

import click

from caffepy import log
from caffepy.cli import gflags
from caffepy.errors import DataError, shown
from caffepy.proto.files import beside
from caffepy.services.target import NEW, OVERWRITE
from caffepy.tools import _annoset

logger = log.get(__name__)


@gflags.command(
    "create_annoset",
    help="Make the database OUTDIR of the pictures in ROOT that LISTFILE names, as convert_annoset "
    "does, and a link to it in the folder EXAMPLEDIR.",
)
@click.argument("root", metavar="ROOT")
@click.argument("listfile", metavar="LISTFILE")
@click.argument("outdir", metavar="OUTDIR")
@click.argument("exampledir", metavar="EXAMPLEDIR")
@_annoset.flags
@gflags.flag("redo", bool, False, "Make the database anew if it is there.")
def main(root: str, listfile: str, outdir: str, exampledir: str, redo: bool, **options: Any) -> int:
    outdir = outdir.rstrip("/") or "/"
    if os.path.lexists(outdir) and not redo:
        raise DataError("the database is there already", where=outdir,
                        fix="--redo makes it anew.")
    os.makedirs(os.path.dirname(outdir) or ".", exist_ok=True)
    code = _annoset.make(os.path.join(root, ""), listfile, outdir, OVERWRITE if redo else NEW,
                         **options)
    link(outdir, exampledir)
    return code


def link(path: str, folder: str) -> None:
    """Put a link to ``path`` into a folder, which is made, in the place of an older link.

    Raises:
        DataError: something else has its name there.
    """
    os.makedirs(folder, exist_ok=True)
    name = os.path.join(folder, os.path.basename(path))
    if os.path.lexists(name) and not os.path.islink(name):
        if os.path.samefile(name, path):
            return
        raise DataError("what lies there is no link, and stays", where=name,
                        fix=f"Take it away, or link {path} by hand.")
    new = beside(name, "link")
    os.symlink(os.path.abspath(path), new)
    os.replace(new, name)
    logger.info("Linked %s to %s", shown(name), shown(path))


if __name__ == "__main__":
    main()
