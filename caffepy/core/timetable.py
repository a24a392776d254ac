"""Which lodgings are taken at which times.

A tree over the times, so that a question takes as many steps as the tree is high, however many
times and lodgings there are. A set of lodgings is an int with one bit for each.
"""

from __future__ import annotations

from collections.abc import Iterator


class Timetable:
    """For the times 0 to ``length`` - 1; all lodgings are free."""

    def __init__(self, length: int) -> None:
        self._leaves = 1 << max(0, length - 1).bit_length()
        # of each node: those taken all the time below it, and those at some time
        self._whole = [0] * (2 * self._leaves)
        self._some = [0] * (2 * self._leaves)

    def taken(self, first: int, last: int) -> int:
        """The lodgings that are taken at some time from ``first`` to ``last``, both included."""
        found = 0
        for node in self._nodes(first, last):
            found |= self._some[node]
            while node := node >> 1:
                found |= self._whole[node]
        return found

    def take(self, number: int, first: int, last: int) -> None:
        """Enter the lodging of a number as taken."""
        bit = 1 << number
        for node in self._nodes(first, last):
            self._whole[node] |= bit
            while node and not self._some[node] & bit:
                self._some[node] |= bit
                node >>= 1

    def _nodes(self, first: int, last: int) -> Iterator[int]:
        """The few nodes that cover the times."""
        left, right = first + self._leaves, last + self._leaves + 1
        while left < right:
            if left & 1:
                yield left
                left += 1
            if right & 1:
                right -= 1
                yield right
            left >>= 1
            right >>= 1
