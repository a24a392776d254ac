"""One worker: nothing to share, nobody to wait for."""

from __future__ import annotations

from caffepy.parallel.base import Array, Communicator


class Single(Communicator):
    """The communicator of a training on one device."""

    def broadcast(self, array: Array, root: int = 0) -> None:
        pass

    def average(self, array: Array) -> None:
        pass

    def agree(self, number: int) -> int:
        return number

    def broadcast_bytes(self, message: bytes) -> bytes:
        return message

    def abort(self, error: BaseException) -> None:
        pass
