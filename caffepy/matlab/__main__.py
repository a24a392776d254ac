"""What Octave starts: ``python .../caffepy/matlab``, or ``python -m caffepy.matlab``."""

import sys
from pathlib import Path


def main() -> None:
    if not __package__:  # started as a folder, in which Python would look for modules now
        sys.path[0] = str(Path(__file__).resolve().parents[2])
    try:
        from caffepy.matlab import pipes
    except ModuleNotFoundError as error:  # a Python for which caffepy was not installed
        sys.exit(f"caffepy: error: {sys.executable} lacks the package {error.name}")
    pipes.serve()


if __name__ == "__main__":
    main()
