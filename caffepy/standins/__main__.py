"""``python -m caffepy.standins SCRIPT [ARGUMENT...]``: runs a script of old as ``python SCRIPT``
would, but for the modules that it misses and that stand here.
"""

from __future__ import annotations

import os
import runpy
import sys

from caffepy import standins


def main() -> None:
    """Run the script that the command line names."""
    if len(sys.argv) < 2:
        sys.exit("usage: python -m caffepy.standins SCRIPT [ARGUMENT...]")
    if not os.path.exists(sys.argv[1]):
        sys.exit(f"caffepy.standins: {sys.argv[1]}: there is no such script")
    standins.install()
    del sys.argv[0]
    sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
