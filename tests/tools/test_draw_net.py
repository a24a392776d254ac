"""draw_net and caffepy draw: one program, by its installed names, on good and bad files."""

import cv2
import pytest
from cli.nets import write_net

from caffepy.cli.main import main as caffepy
from caffepy.tools.draw_net import main


@pytest.fixture
def without_graphviz(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path / "nothing here"))


def test_the_originals_command_line(shell, tmp_path, without_graphviz):
    write_net(tmp_path)
    done = shell("draw_net", "--rankdir", "TB", "--phase=TEST", "--display_lrm", "net.prototxt",
                 "my net.png")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Drawing net to my net.png\n", "")
    assert cv2.imread(str(tmp_path / "my net.png")).shape[0] > 500


def test_without_a_name_the_picture_is_beside_the_net(call, tmp_path, without_graphviz):
    done = call(caffepy, "draw", write_net(tmp_path))
    assert done.exit_code == 0 and done.output == f"Drawing net to {tmp_path / 'net.png'}\n"
    assert (tmp_path / "net.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("ending, start", [("svg", b"<svg"), ("pdf", b"%PDF"), ("dot", b"digraph")])
def test_formats_and_flags(call, tmp_path, without_graphviz, ending, start):
    write_net(tmp_path)
    target = tmp_path / f"a.{ending}"
    assert call(main, tmp_path / "net.prototxt", target).exit_code == 0
    everything = target.read_bytes()
    assert everything.startswith(start)
    for flag in ("-phase=TRAIN", "-display_lrm", "-noshapes", "-rankdir=BT"):
        assert call(main, flag, tmp_path / "net.prototxt", target).exit_code == 0
        assert target.read_bytes() != everything, flag
    if ending == "dot":
        assert b"4 x 2" in everything and b"accuracy" in everything
        assert b"4 x 2" not in (call(main, "-noshapes", "-phase=TRAIN", tmp_path / "net.prototxt",
                                     target), target.read_bytes())[1]
        assert b"accuracy" not in target.read_bytes()


def test_graphviz_draws_where_it_is(call, tmp_path, monkeypatch):
    program = tmp_path / "dot"
    program.write_text('#!/bin/sh\necho drawn by dot "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    write_net(tmp_path)
    target = tmp_path / "a.svg"
    assert call(main, tmp_path / "net.prototxt", target).exit_code == 0
    assert target.read_bytes() == b"drawn by dot -Tsvg\n"
    assert call(main, "-graphviz=never", tmp_path / "net.prototxt", target).exit_code == 0
    assert target.read_bytes().startswith(b"<svg")


def test_bad_calls(call, tmp_path, without_graphviz):
    write_net(tmp_path)
    (tmp_path / "bad.prototxt").write_text("layer { nam: 3 }")
    net = tmp_path / "net.prototxt"
    for words, said in (
        ((), "Missing argument 'INPUT_NET_PROTO_FILE'"),
        ((tmp_path / "none", "a.png"), "File not found"),
        ((tmp_path / "bad.prototxt", "a.png"), "bad.prototxt:1:9"),
        ((net, "picture"), "must end in the picture's format"),
        ((net, "a.xyz"), "not drawn as .xyz"),
        ((net, net), "the net's"), ((net, tmp_path / "no" / "a.png"), "no/a.png"),
        ((net, "a.png", "-rankdir=up"), "up"), ((net, "a.png", "-phase=VAL"), "VAL"),
        ((net, "a.png", "-input_shape=3x2"), "input_shape must be numbers"),
        ((net, "a.png", "-graphviz=always"), "Install Graphviz"),
    ):
        done = call(main, *words)
        if said == "the net's":
            said = "the picture would take the place of the net"
        assert done.exit_code == 1 and said in done.output, done.output
        assert "bug" not in done.output
    assert "nam: 3" in (tmp_path / "bad.prototxt").read_text() and "small" in net.read_text()


def test_no_shapes_are_explained(call, tmp_path, without_graphviz):
    (tmp_path / "net.prototxt").write_text(
        'layer { name: "d" type: "Data" top: "x" data_param { source: "none" batch_size: 2 } }')
    done = call(main, tmp_path / "net.prototxt", tmp_path / "a.dot")
    assert done.exit_code == 0 and "say -input_shape=C,H,W" in done.output
    done = call(main, "-input_shape=3,8,9", tmp_path / "net.prototxt", tmp_path / "a.dot")
    assert done.exit_code == 0 and "input_shape" not in done.output
    assert "2 x 3 x 8 x 9" in (tmp_path / "a.dot").read_text()
