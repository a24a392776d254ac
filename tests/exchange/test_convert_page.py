"""docs/convert.md, done as a reader would."""

from __future__ import annotations

import pages
from onnx_nets import need_onnx


def test_the_page(tmp_path):
    need_onnx()
    folder = tmp_path / "there"
    folder.mkdir()
    pages.walk(pages.DOCS / "convert.md", folder, pages.environment(tmp_path / "bin"))
