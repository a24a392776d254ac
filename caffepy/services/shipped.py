"""The models that come with caffepy, and copies of them with the scripts that they need.

`caffepy/shipped` holds what a clone has in models/, data/ and scripts/: in a clone by links, in a
wheel the files lie there themselves. Copies keep those paths, by which the files name each other.
"""

from __future__ import annotations

import re
from pathlib import Path

from caffepy.errors import ConfigError, DataError, did_you_mean

SHIPPED = Path(__file__).parent.parent / "shipped"
# no weights or databases, which a clone may have, too, and no scripts for who works on caffepy
KINDS = re.compile(r"(models|data)/.*\.(prototxt|py|sh|md)|"
                   r"scripts/(create|make|resume|train)_\w+\.sh|scripts/create_digits_ssd\.py")
COMMENT = re.compile(r"^#.*$", re.MULTILINE)
NAMED = re.compile(r"\b((?:models|data|scripts)/[\w./-]*\w)")
HEADING = re.compile(r"^# (.*)$", re.MULTILINE)
SHARED = {"models": ("models/making.py", "models/regions.py"), "data": ("data/fetching.py",),
          "scripts": ("scripts/common.sh", "scripts/python.sh")}


def models() -> dict[str, str]:
    """Name to title of each model."""
    return {readme.parent.name: HEADING.findall(readme.read_text(encoding="utf-8"))[0]
            for readme in sorted(SHIPPED.glob("models/*/readme.md"))}


def files(name: str) -> list[str]:
    """The files of a model: its folder, the scripts about it, and what these name, data's scripts,
    other models and single files of them; paths from the root of a clone.

    Raises:
        ConfigError: there is no such model.
    """
    if name not in models():
        raise ConfigError(f"there is no model '{name}'", allowed=", ".join(models()),
                          fix=did_you_mean(name, models()))
    found = dict.fromkeys(_folder(f"models/{name}"))
    about = re.compile(rf"\bmodels/{re.escape(name)}\b")
    found.update(dict.fromkeys(path for path in _folder("scripts")
                               if about.search(COMMENT.sub("", _text(path)))))
    todo = list(found)
    while todo:
        path = todo.pop()
        script = path.startswith("scripts/")
        for named in NAMED.findall(COMMENT.sub("", _text(path)) if script else _text(path)):
            if named.startswith("models/") and not script:
                if path.endswith(".prototxt") and named in _folder(str(Path(named).parent)):
                    found[named] = None  # another model's label map
                continue  # else its own, or told of only
            new = [one for one in _named(named) if one not in found]
            found.update(dict.fromkeys(new))
            todo += new
    for room in {path.partition("/")[0] for path in found}:
        found.update(dict.fromkeys(SHARED[room]))
    return sorted(found)


def copy(name: str, folder: str) -> list[str]:
    """Copy a model's files into a folder; returns those that were not there already.

    Raises:
        ConfigError: there is no such model. DataError: files that are there say something else;
            then nothing is written.
    """
    from caffepy.proto.files import atomic_write

    chosen = files(name)
    texts = {path: (SHIPPED / path).read_bytes() for path in chosen}
    targets = {path: Path(folder, path) for path in chosen}
    there = [path for path in chosen if targets[path].exists()]
    if other := [path for path in there if targets[path].read_bytes() != texts[path]]:
        raise DataError("files that are there would be overwritten", where=folder,
                        found=", ".join(other),
                        fix="Move them away, or name another folder behind the model.")
    written = [path for path in chosen if path not in there]
    for path in written:
        targets[path].parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(targets[path]) as file:
            file.write(texts[path])
        if path.endswith(".sh"):
            targets[path].chmod(0o755)
    return written


def _named(path: str) -> list[str]:
    """What ships of what a text names: a script, or the whole folder of data or of a model."""
    room, _, rest = path.partition("/")
    if room == "scripts":
        return [path] if path in _folder("scripts") else []
    return _folder(f"{room}/{rest.partition('/')[0]}")


def _folder(path: str) -> list[str]:
    return [name for file in sorted((SHIPPED / path).glob("*"))
            if file.is_file() and KINDS.fullmatch(name := f"{path}/{file.name}")]


def _text(path: str) -> str:
    return (SHIPPED / path).read_text(encoding="utf-8")
