"""For tests of layers, plug-ins' too: build one from a prototxt line, feed it, check its gradient.

    from caffepy.testing import build, check_gradient

    def test_gradient():
        check_gradient('type: "Twice"', (2, 3))
"""

from caffepy.testing.building import ENGINES, SEED, build, feed, parse, random, run
from caffepy.testing.gradient import check_gradient

__all__ = ["ENGINES", "SEED", "build", "check_gradient", "feed", "parse", "random", "run"]
