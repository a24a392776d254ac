"""Letters on pictures, by OpenCV, which has those of ASCII alone."""

from __future__ import annotations

import unicodedata
from typing import Any

from caffepy.data import opencv

INK, PAPER = (51, 51, 51), (255, 255, 255)
SIZE = 0.4  # letters 9 pixels high


def text(picture: Any, words: str, x: int, y: int, color: tuple[int, int, int] = INK) -> None:
    """Write on a picture; (x, y) is where the line of the letters begins."""
    cv2 = opencv.load()

    cv2.putText(picture, ascii_of(words), (x, y), cv2.FONT_HERSHEY_SIMPLEX, SIZE, color, 1,
                cv2.LINE_AA)


def width_of(words: str) -> int:
    """In pixels."""
    cv2 = opencv.load()

    (width, _), _ = cv2.getTextSize(ascii_of(words), cv2.FONT_HERSHEY_SIMPLEX, SIZE, 1)
    return int(width)


def shortened(words: str, width: int, end: bool = False) -> str:
    """As much as fits into so many pixels: the beginning, or the end."""
    if width_of(words) <= width:
        return words
    while words and width_of(words + "..") > width:
        words = words[1:] if end else words[:-1]
    return ".." + words if end else words + ".."


def ascii_of(words: str) -> str:
    """Letters without their accents; what has no other form is a question mark."""
    apart = unicodedata.normalize("NFKD", words)
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return bare.encode("ascii", "replace").decode()
