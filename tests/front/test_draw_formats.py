"""Drawings of nets as files: pixels, dot, Graphviz's own formats, PDF."""

import os
import re
import zlib

import cv2
import numpy as np
import pytest
from drawn import TRAIN, net

from caffepy import draw
from caffepy.drawing.pixels import PixelCanvas
from caffepy.errors import ConfigError, NotFound


@pytest.mark.parametrize("ext", ["png", "jpg", ".PNG"])
def test_pixels(ext):
    data = draw.draw_net(net(), "TB", ext)
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape[0] > 1000
    for color in ("#FF5050", "#FF9900", "#CC33FF", "#90EE90", "#E0E0E0"):
        bgr = [int(color[i : i + 2], 16) for i in (5, 3, 1)]
        assert (abs(picture.astype(int) - bgr).max(2) < 8).sum() > 500, color
    assert (picture.max(2) < 60).sum() > 2000  # ink


def test_letters_fit_their_boxes_in_pixels():
    canvas = PixelCanvas("png")
    canvas.begin(400, 40)
    words = "inception_3a/5x5_reduce kernel size: 10"
    canvas.text(words, (200, 20), True)
    columns = np.flatnonzero((canvas._picture < 200).any((0, 2))) / 2
    half = canvas.text_width(words, True) / 2
    assert 200 - half - 1.5 <= columns[0] and columns[-1] <= 200 + half + 1.5


def test_huge_pictures_are_drawn_smaller():
    canvas = PixelCanvas("png")
    canvas.begin(1000, 50000)
    assert max(canvas._picture.shape) <= 65000


def test_files_take_their_format_from_the_name(tmp_path):
    for name, start in (("a.svg", b"<svg"), ("a.png", b"\x89PNG"), ("a.dot", b"digraph"),
                        ("a.raw", b"digraph"), ("a.b.gv", b"digraph")):
        draw.draw_net_to_file(net(), tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(start)
    with pytest.raises(ConfigError, match="must end in"):
        draw.draw_net_to_file(net(), "picture")
    with pytest.raises(ConfigError, match=r"\.xyz.*svg, pdf, png"):
        draw.draw_net(net(), "TB", "xyz")
    with pytest.raises(ConfigError, match="LR, RL, TB, BT"):
        draw.draw_net(net(), "up", "svg")


def test_dot_quotes_and_connects():
    out = draw.get_dot(net('name: "a \\"b\\"" layer { name: "x\\\\y" type: "ReLU" bottom: "i" '
                           'top: "o" }'), "BT", shapes=False)
    assert out.startswith('digraph "a \\"b\\"" {\n  rankdir=BT;')
    assert r'n0 [label="x\\y\n(ReLU)", shape=box, fillcolor="#6495ED"];' in out
    assert "n1 -> n0;" in out and "n0 -> n2;" in out and out.count("octagon") == 2


def test_eps_and_graphviz_need_dot(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    for options in (dict(ext="eps"), dict(ext="png", graphviz=True)):
        with pytest.raises(NotFound, match="not on the PATH.*svg, pdf or png"):
            draw.draw_net(net(), "TB", **options)


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
def test_graphviz_is_asked_where_it_is(tmp_path, monkeypatch):
    program = tmp_path / "dot"
    program.write_text('#!/bin/sh\n[ "$1" = -Tbad ] && { echo "no bad" >&2; exit 1; }\n'
                       'echo "args $@"; cat\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert draw.draw_net(net(), "TB", "eps").startswith(b"args -Teps\ndigraph")
    assert draw.draw_net(net(), "TB", "pdf").startswith(b"%PDF")  # not asked
    assert draw.draw_net(net(), "TB", "pdf", graphviz=None).startswith(b"args -Tpdf")
    assert draw.draw_net(net(), "TB", "png", graphviz=True).startswith(b"args -Tpng")
    with pytest.raises(RuntimeError, match="no bad"):
        draw.draw_net(net(), "TB", "bad", graphviz=True)


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
def test_graphviz_without_a_format_is_done_without(tmp_path, monkeypatch, caplog):
    program = tmp_path / "dot"
    program.write_text('#!/bin/sh\necho "no png" >&2; exit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert draw.draw_net(net(), "TB", "png", graphviz=None).startswith(b"\x89PNG")
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    assert draw.draw_net(net(), "TB", "svg", graphviz=None).startswith(b"<svg")


def pdf_page(data):
    """What a PDF of ours draws, after a look at its table of objects."""
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", data)[1])
    table = re.findall(rb"(\d{10}) 00000 n \n", data[start:])
    for number, place in enumerate(table, 1):
        assert data[int(place):].startswith(b"%d 0 obj\n" % number)
    length, stream = re.search(rb"/Length (\d+) .*?stream\n(.*)\nendstream", data, re.S).groups()
    assert int(length) == len(stream)
    return zlib.decompress(stream).decode()


@pytest.mark.parametrize("rankdir", ["TB", "LR"])
def test_pdf(rankdir):
    data = draw.draw_net(net(), rankdir, "pdf", TRAIN)
    drawn = pdf_page(data)
    texts = re.findall(r"\((.*?)\) Tj", drawn.replace(r"\(", "[").replace(r"\)", "]"))
    for expected in ("conv1", "relu1 \\050ReLU\\051", "64 x 20 x 24 x 24"):
        assert expected in texts
    width, height = map(float, re.search(rb"MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data).groups())
    assert (height > width) == (rankdir == "TB")
    assert "1.000 0.314 0.314 rg" in drawn and drawn.count(" f") >= 9  # a box, arrow heads


def test_pdf_of_any_letter_and_size():
    strange = net('layer { name: "\\303\\251(\\342\\206\\222\\\\" type: "ReLU" }')
    assert r"(\351\050?\134) Tj" in pdf_page(draw.draw_net(strange, "TB", "pdf"))
    long = net("".join(f'layer {{ name: "r{i}" type: "ReLU" bottom: "{i}" top: "{i + 1}" }}'
                       for i in range(400)))
    data = draw.draw_net(long, "TB", "pdf", shapes=False)
    assert float(re.search(rb"MediaBox \[0 0 [\d.]+ ([\d.]+)\]", data)[1]) == 14400
