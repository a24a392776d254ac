#!/usr/bin/env python3
"""create_annoset by the name that SSD's create_data.sh calls: caffepy.tools.create_annoset."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from caffepy.tools.create_annoset import main  # noqa: E402

main()
