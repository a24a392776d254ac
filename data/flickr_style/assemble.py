"""Lists a folder of pictures, a sub-folder each style; scripts/create_flickr_style.sh calls it.

Writes train.txt and test.txt (every fifth picture, after shuffling) with lines `path label`, and
styles.txt with a name a line, in the order of the labels.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from caffepy.proto.files import atomic_write  # noqa: E402

PICTURES = (".jpg", ".jpeg", ".png", ".bmp")
OUTPUTS = 20  # of the net's last layer
TEST_PART = 5  # one in so many
SEED = 1701


def assemble(folder: Path) -> dict[str, list[str]]:
    """File name to lines.

    Raises:
        SystemExit: no pictures, or too many styles for the net.
    """
    styles = sorted(path.name for path in folder.iterdir() if path.is_dir())
    if len(styles) > OUTPUTS:
        sys.exit(f"assemble.py: {folder} has {len(styles)} sub-folders; the net tells {OUTPUTS} "
                 "styles apart: change num_output in models/flickr_style/make_net.py")
    lines = [
        f"{path} {label}"
        for label, style in enumerate(styles)
        for path in sorted((folder / style).iterdir()) if path.suffix.lower() in PICTURES
    ]
    if len(lines) < TEST_PART:
        sys.exit(f"assemble.py: the sub-folders of {folder} hold {len(lines)} pictures "
                 f"({', '.join(PICTURES)})")
    random.Random(SEED).shuffle(lines)
    test = lines[::TEST_PART]
    return {"train.txt": [line for i, line in enumerate(lines) if i % TEST_PART],
            "test.txt": test, "styles.txt": styles}


def main(folder: Path) -> None:
    if not folder.is_dir():
        sys.exit(f"assemble.py: there is no folder {folder}")
    for name, lines in assemble(folder).items():
        with atomic_write(HERE / name) as file:
            file.write("".join(f"{line}\n" for line in lines).encode())
        print(f"Made data/flickr_style/{name}: {len(lines)} lines")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
