"""docs/weights.md and docs/onnx_in.md, done as a reader would."""

from __future__ import annotations

import re

import pages
import pytest
from onnx_nets import need_onnx

from caffepy.exchange.files import Options
from caffepy.exchange.into import table


@pytest.mark.parametrize("name", ["weights", "onnx_in"])
def test_the_page(name, tmp_path):
    need_onnx()
    if name == "weights":
        pytest.importorskip("torch", reason="PyTorch is not installed")
    folder = tmp_path / "there"
    folder.mkdir()
    pages.walk(pages.DOCS / f"{name}.md", folder, pages.environment(tmp_path / "bin"))


def test_the_page_has_every_operation():
    rows = re.findall(r"^\| ([A-Z][^|]*) \|", pages.read(pages.DOCS / "onnx_in.md"), re.MULTILINE)
    named = {word for row in rows for word in re.findall(r"\b[A-Z]\w*", row)}
    assert named - {"MatMul"} | {"MatMul"} == set(table.operations())


def test_the_module_on_the_page_is_what_is_written(tmp_path):
    """But for the class Scale and the words above, which the page leaves out."""
    from caffepy.core.net import Net
    from caffepy.exchange.weights.module import written
    from caffepy.proto import caffe_pb2, text

    page = pages.DOCS / "weights.md"
    spec = caffe_pb2.NetParameter()
    text.parse(pages.blocks(page, "prototxt")[0], spec)
    shown = next(block for block in pages.blocks(page, "python") if "nn.Module" in block)
    made = written(Net(spec, caffe_pb2.TEST), "net.pt").text
    assert Options().check
    assert made.endswith(shown[shown.index("class Small"):])
    assert shown[: shown.index("\n\n")] in made
