"""The kernels' tests as a processor without AVX-512 runs them, for which oneDNN has other code.

Where the processor has none anyway the tests of this folder have done it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from kernels.onednn.pairs import onednn

from caffepy.kernels.operations.convolution import ConvolutionSpec

FOLDER = Path(__file__).parent
FILES = ("test_convolution.py", "test_winograd.py", "test_lrn.py", "test_pooling.py",
         "test_elementwise.py", "test_inner_product.py")


def on_avx512() -> bool:
    spec = ConvolutionSpec((2, 16, 8, 8), (16, 16, 1, 1), (2, 16, 8, 8), (1, 1), (0, 0), (1, 1))
    return "avx512" in onednn().plan(spec).detail


def test_kernels_for_processors_without_avx512():
    if not on_avx512():
        pytest.skip("this processor has no AVX-512")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *(FOLDER / f for f in FILES)],
        env=os.environ | {"ONEDNN_MAX_CPU_ISA": "AVX2"}, cwd=FOLDER.parents[2],
        capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
