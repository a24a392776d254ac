"""As much of YAML as settings like py-faster-rcnn's are written in: ``param_str`` and .yml files.

    'feat_stride': 16                   pairs, one a line, quoted or not
    scales: !!python/tuple [8, 16, 32]  numbers, words, lists
    TRAIN:                              more pairs, further to the right
      HAS_RPN: True  # a remark
    {'feat_stride': 16, 'scales': [4]}  or all on one line
"""

from __future__ import annotations

import ast
import re
from typing import Any

from caffepy.errors import ConfigError

Pairs = dict[str, Any]
PAIR = re.compile(r"(?P<quote>['\"]?)(?P<key>[\w.-]+)(?P=quote)\s*:(?:\s+|$)(?P<value>.*)")
REMARK = re.compile(r"(?:^|\s)#[^'\"]*$")
TOKEN = re.compile(r"""'[^']*'|"[^"]*"|[^\s\[\](){},:'"][^\[\](){},:'"]*""")
WORDS = {"true": True, "yes": True, "false": False, "no": False, "null": None, "none": None,
         "~": None}
SIMPLE = re.compile(r"[+-]?(\d[\d_]*\.?\d*|\.\d+)([eE][+-]?\d+)?")


def parse(text: str) -> Pairs:
    """The settings in ``text``.

    Raises:
        ConfigError: they are written in another way.
    """
    if text.strip().startswith("{"):
        pairs = _value(text.strip())
        return pairs if isinstance(pairs, dict) else _refuse(text)
    lines = [line for raw in text.splitlines() if (line := REMARK.sub("", raw).rstrip())]
    found, used = _pairs(lines, 0)
    return found if used == len(lines) else _refuse(lines[used])


def _pairs(lines: list[str], at: int) -> tuple[Pairs, int]:
    """The pairs that begin in line ``at`` and stand as far to the right; and the line behind."""
    found: Pairs = {}
    margin = _margin(lines[at]) if at < len(lines) else 0
    while at < len(lines) and _margin(lines[at]) == margin:
        pair = PAIR.fullmatch(lines[at].strip()) or _refuse(lines[at])
        at += 1
        if pair["value"]:
            found[pair["key"]] = _value(pair["value"])
        elif at < len(lines) and _margin(lines[at]) > margin:
            found[pair["key"]], at = _pairs(lines, at)
        else:
            found[pair["key"]] = None
    return found, at


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip())


def _value(text: str) -> Any:
    """A number, word, list or mapping on one line."""
    try:
        return ast.literal_eval(TOKEN.sub(_literal, text.replace("!!python/tuple", "")).strip())
    except (ValueError, SyntaxError, TypeError):
        return _refuse(text)


def _literal(found: re.Match[str]) -> str:
    token = found[0]
    word = token.strip()
    if token[0] in "'\"":
        return token
    if found.string[found.end() :].startswith(":"):  # a name
        return repr(word)
    if SIMPLE.fullmatch(word):
        return word.replace("_", "").lstrip("+")
    return repr(WORDS.get(word.lower(), word))


def _refuse(text: str) -> Any:
    raise ConfigError("these settings are not understood", found=repr(text.strip()),
                      allowed="pairs of name: value, one a line, or {name: value, ...}")
