"""Characters that prototxt has no use for: what they are called, and what was meant by them."""

from __future__ import annotations

import unicodedata

# by category: dashes, opening and closing quotes, what has no shape
MEANT = {"Pd": "-", "Pi": '"', "Pf": '"'}
ALSO_MEANT = {
    "\u201a": "'", "\u201e": '"', "\u2212": "-", "\u2032": "'", "\u2033": '"', "\u00b4": "'",
    "\u301d": '"', "\u301e": '"', "\u301f": '"', "\u3001": ",", "\u3002": ".", "\u2024": ".",
    "\u2018": "'", "\u2019": "'",
}  # fmt: skip


def ordinary(character: str) -> str:
    """The ASCII character that this one looks like, or ""."""
    if character in ALSO_MEANT:
        return ALSO_MEANT[character]
    alike = unicodedata.normalize("NFKC", character)  # full-width forms
    if alike != character and alike.isascii():
        return alike
    return MEANT.get(unicodedata.category(character), "")


def described(character: str) -> tuple[str, str | None]:
    """What is wrong with a character outside of strings and comments, and what to do."""
    code = ord(character)
    outside = "cannot stand outside of strings and comments"
    if 0xDC80 <= code <= 0xDCFF:
        return f"the byte 0x{code - 0xDC00:02X}, which is not UTF-8, {outside}", None
    if code < 128:
        return f"the byte 0x{code:02X} is no text", "Delete it."
    name = unicodedata.name(character, "").lower()
    called = f"U+{code:04X}" + (f", {name}," if name else "")
    if not character.isprintable():
        return f"an invisible character, {called} {outside}", "Delete it."
    if meant := ordinary(character):
        return f"{character} ({called.rstrip(',')}) {outside}", f"Write {meant} for it."
    return f"{character} ({called.rstrip(',')}) {outside}", None


def on_screen(line: str) -> str:
    """A line as it can be shown: one column a character, as ``columns`` counts them."""
    plain = (c if c.isprintable() else "?" if "\ud800" <= c <= "\udfff" else " " for c in line)
    return "".join(plain)


def columns(text: str) -> int:
    """How many columns of a screen the text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
