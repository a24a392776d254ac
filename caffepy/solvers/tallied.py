"""Outputs of a test net that have rows to be counted, beside those of which the mean is taken.

Which those are, and what their rows come to, the layers say (core.tally): boxes that a detector
found, by average precision.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from caffepy import log
from caffepy.core.net import Net
from caffepy.core.tally import Tally
from caffepy.solvers.means import Output
from caffepy.solvers.state import Means

logger = log.get(__name__)

def of(net: Net, param: Any) -> dict[str, Tally]:
    """The tallies of a net's outputs, by name.

    Args:
        param: the SolverParameter.

    Raises:
        ConfigError: what a layer says of the SolverParameter.
    """
    found = {}
    for node in net.nodes:
        name = node.top_names[0] if node.top_names else ""
        if name in net.output_names and (tally := node.layer.tally(param)) is not None:
            found[name] = tally
    return found


class Tallied:
    """Gathers the rows of one test.

    Args:
        param: the SolverParameter, which says whether each class is logged.
    """

    def __init__(self, net: Net, param: Any) -> None:
        self._order = net.output_names
        self._tallies = of(net, param)
        self._each = param.show_per_class_result
        self._batches = 0

    def take(self, outputs: Sequence[Output]) -> Iterator[Output]:
        """Gather what is to be gathered of a batch; gives the other outputs."""
        self._batches += 1
        for name, values, weight in outputs:
            if name in self._tallies:
                self._tallies[name].add(values)
            else:
                yield name, values, weight

    def joined(self, means: Means) -> Means:
        """The scores among the means of the other outputs, in the net's order."""
        if not self._batches:
            return means
        scores = {name: np.array([tally.score()]) for name, tally in self._tallies.items()}
        both = dict(means) | scores
        return [(name, both[name]) for name in self._order if name in both]

    def classes(self) -> Means:
        """The score of each class as "class1", if they were asked for; logs them in the words of
        SSD's solver."""
        found: dict[str, list[float]] = {}
        for tally in self._tallies.values() if self._each and self._batches else ():
            for label, score in tally.parts().items():
                logger.info("class%d: %g", label, score)
                found.setdefault(f"class{label}", []).append(score)
        return [(name, np.array(scores)) for name, scores in found.items()]

    def remarks(self) -> Iterator[str]:
        """What makes scores lower than their readers may think."""
        for tally in self._tallies.values() if self._batches else ():
            absent = [str(label) for label, count in tally.counts().items() if not count]
            if absent:
                yield (f"the test had nothing to find of class {', '.join(absent)}, which "
                       f"count{'s' * (len(absent) == 1)} as 0 in the mean, as in SSD's solver")
