"""Backslashes in prototxt's strings: protobuf's escape sequences, and Windows paths."""

from __future__ import annotations

import re

ESCAPE = re.compile(
    r"\\(?:(?P<octal>[0-7]{1,3})|[xX](?P<hexa>[0-9a-fA-F]{1,2})"
    r"|u(?P<short>[0-9a-fA-F]{4})|U(?P<long>00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})"
    r"""|(?P<plain>[abfnrtv\\'"?])|(?P<wrong>.?))""",
    re.DOTALL,
)
ESCAPED = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))
QUOTES = ('"', "'")
LISTED = r"\\ \" \' \? \n \t \r \a \b \f \v \NNN \xHH \uHHHH \UHHHHHHHH"
DIGITS = {
    "x": r"\x takes one or two hex digits",
    "u": r"\u takes four hex digits",
    "U": r"\U takes eight hex digits, 00000000 to 0010FFFF",
}
# what follows a path that was meant to end with a backslash: the next field, or what closes a block
NEXT_FIELD = re.compile(r"""["']\s*(?:[}>,;#]|[a-z_]+\s*[:{<])""")
DRIVE = re.compile(r"[A-Za-z]:\\")

# fields whose strings are names of files or folders
PATHS = frozenset((
    "net", "train_net", "test_net", "weights", "snapshot_prefix", "learned_net", "average_net",
    "source", "mean_file", "meanfile", "file_name", "root_folder",
))  # fmt: skip


class WrongEscapeError(ValueError):
    """What stands behind a backslash means nothing.

    Attributes:
        offset: where the backslash is.
        message, fix: for the error that the reader sees.
    """

    def __init__(self, offset: int, message: str, fix: str) -> None:
        super().__init__(message)
        self.offset, self.message, self.fix = offset, message, fix


def unescape(raw: str, field: str) -> bytes:
    """The bytes that a string between its quotes stands for; other characters as UTF-8.

    Args:
        field: the name of the field, by which paths are told from other strings.

    Raises:
        WrongEscapeError: at the first backslash that begins no escape sequence.
    """
    pieces: list[str] = []
    end = 0
    for match in ESCAPE.finditer(raw):
        pieces.append(raw[end : match.start()])
        if match["plain"] in QUOTES and field in PATHS and NEXT_FIELD.match(raw, match.end() - 1):
            path = raw[: match.start()] + "\\"
            raise WrongEscapeError(match.start(), 'a quote behind "\\" belongs to the string',
                                   advice(path, field))
        pieces.append(_character(match, raw, field))
        end = match.end()
    pieces.append(raw[end:])
    # \ud83d\ude00 is one character, as in JSON; a half alone stays what it is
    text = re.sub("[\ud800-\udbff][\udc00-\udfff]", _joined, "".join(pieces))
    return b"".join(
        bytes([ord(c) - 0xDC00]) if "\udc80" <= c <= "\udcff"
        else c.encode("utf-8", "surrogatepass")
        for c in re.split("([\ud800-\udfff])", text)
    )


def _joined(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")


def _character(match: re.Match[str], raw: str, field: str) -> str:
    kind = match.lastgroup or ""
    code = match[kind]
    if kind == "plain":
        return ESCAPED.get(code, code)
    if kind != "wrong":
        number = int(code, 8 if kind == "octal" else 16)
        if kind in ("octal", "hexa"):  # a byte, which may be a part of a character
            number &= 255
            return chr(number) if number < 128 else chr(0xDC00 + number)
        return chr(number)
    raise WrongEscapeError(
        match.start(),
        DIGITS.get(code, f'"{match[0]}" is no escape sequence'),
        advice(raw, field),
    )


def advice(raw: str, field: str) -> str:
    """How to write what was meant."""
    if field in PATHS or DRIVE.match(raw):
        slashes = raw.replace("\\\\", "\\").replace("\\", "/")
        return f'Write "{slashes}", or "\\\\" for each backslash.'
    return f'Write "\\\\" for a backslash; escape sequences are {LISTED}.'


def turned(raw: str, field: str) -> list[str]:
    """The escapes in a path that stand for a control character, a letter or a digit: a path that
    Windows writes may happen to have them, as C:\\new\\train has."""
    if field not in PATHS:
        return []
    found = []
    for match in ESCAPE.finditer(raw):
        kind = match.lastgroup or ""
        if kind == "plain" and match["plain"] in ESCAPED:
            found.append(match[0])
        elif kind in ("octal", "hexa", "short", "long"):
            if int(match[kind], 8 if kind == "octal" else 16) < 128:
                found.append(match[0])
    return list(dict.fromkeys(found))
