"""The lines of a file that grows, read piece by piece."""

from __future__ import annotations

import codecs
import os
import re
from pathlib import Path

from caffepy.proto.files import wide_encoding

PIECE = 1 << 20        # bytes read at once
LONGEST = 4 << 20      # characters of a line; more of one is thrown away
HEAD = 256             # bytes by which a file is known that was written anew in its place
ENDS = re.compile(r"\r\n|\n|\r")  # a progress bar's carriage returns stand between lines, too


class Tail:
    """Gives the whole lines of a file, each once.

    Attributes:
        size: bytes that the file had when last looked at.
        at: bytes of it that have been read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._forget()

    def _forget(self) -> None:
        self.at = 0
        self._head = b""
        self._number = (0, 0)
        self._rest = ""
        self._decoder: codecs.IncrementalDecoder | None = None

    @property
    def behind(self) -> int:
        """Bytes that are still to be read."""
        return self.size - self.at

    def changed(self) -> bool:
        """Look at the file; whether it is another one than the one that was read so far, so that
        all begins anew.

        Raises:
            OSError: it is gone.
        """
        told = os.stat(self.path)
        number = (told.st_dev, told.st_ino)
        grown = told.st_size != self.size
        anew = self.at > 0 and (
            number != self._number or told.st_size < self.at or grown and not self._begins_alike())
        if anew:
            self._forget()
        self._number, self.size = number, told.st_size
        return anew

    def _begins_alike(self) -> bool:
        with open(self.path, "rb") as file:
            return file.read(len(self._head)) == self._head

    def read(self) -> list[str]:
        """The next lines, of one piece of the file; none at its end. A line that is still being
        written waits for its end: half a number is another number.

        Raises:
            OSError: it cannot be read.
        """
        with open(self.path, "rb") as file:
            file.seek(self.at)
            data = file.read(min(PIECE, max(self.behind, 0)))
        if not data:
            return []
        if self.at == 0:
            self._head = data[:HEAD]
            self._decoder = codecs.getincrementaldecoder(wide_encoding(data) or "utf-8")("replace")
        self.at += len(data)
        assert self._decoder is not None
        text = self._rest + self._decoder.decode(data)
        *lines, self._rest = ENDS.split(text)
        if len(self._rest) > LONGEST:
            self._rest = self._rest[:LONGEST]
        return [line[:LONGEST] for line in lines if line]
