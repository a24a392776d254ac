"""The weights that a model's readme names."""

from __future__ import annotations

import os
import re

from caffepy import log
from caffepy.errors import ConfigError
from caffepy.proto import textfile
from caffepy.services import downloads

logger = log.get(__name__)

REQUIRED = ("caffemodel", "caffemodel_url", "sha1")
FENCE = "---"
FIELD = re.compile(r"([A-Za-z_]\w*)\s*:\s*(.*)")


def front_matter(path: str) -> dict[str, str]:
    """The ``key: value`` lines between the two lines of dashes at the beginning of a file.

    Raises:
        NotFound: no such file. ConfigError: no such lines, or not all that a download needs.
    """
    lines = [line.rstrip() for line in textfile.read_lines(path)]
    if not lines or lines[0] != FENCE or FENCE not in lines[1:]:
        raise ConfigError(f"there is no front matter, lines between two of '{FENCE}'", where=path,
                          found=repr(lines[0]) if lines else "an empty file",
                          fix=f"Begin with {FENCE}, then {', '.join(REQUIRED)}, then {FENCE}.")
    found = {}
    for line in lines[1:lines.index(FENCE, 1)]:
        match = FIELD.fullmatch(line)
        if match:
            value = re.sub(r"\s+#.*", "", match[2]).strip()
            found[match[1]] = value.strip("\"'")
    missing = [name for name in REQUIRED if not found.get(name)]
    if missing:
        raise ConfigError(f"the front matter does not say {' and '.join(missing)}", where=path,
                          found=", ".join(found) or None)
    return found


def download(folder: str) -> str:
    """Bring the weights of the model in ``folder`` there; returns their path.

    Raises:
        NotFound: no readme, no answer. ConfigError: a readme without what is needed.
        DataError: what came has another SHA-1.
    """
    readme = os.path.join(folder, "readme.md")
    about = front_matter(readme)
    if os.path.basename(about["caffemodel"]) != about["caffemodel"]:
        raise ConfigError("caffemodel must be the name of a file in the model's folder",
                          where=readme, found=about["caffemodel"])
    path = os.path.join(folder, about["caffemodel"])
    if downloads.has_digest(path, about["sha1"]):
        logger.info("Model already exists: %s", path)
        return path
    if os.path.exists(path):
        logger.warning("%s is not the model of the readme (another SHA-1): it is replaced", path)
    logger.info("Downloading %s", about["caffemodel_url"])
    downloads.fetch(about["caffemodel_url"], path, about["sha1"])
    logger.info("Wrote %s; its SHA-1 is right", path)
    return path
