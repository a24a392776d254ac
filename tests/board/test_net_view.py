"""Nets on the board: graph, layers, weights, what they may not open."""

from xml.etree import ElementTree as ET

import board_files
import numpy as np
import pytest

from caffepy.board import admitting
from caffepy.board.models import Models, learnt, weights_of
from caffepy.board.net import graph, layers, moving, times, weights
from caffepy.board.net.looking import look, phases
from caffepy.board.shelf import Shelf
from caffepy.data.db import open_db
from caffepy.errors import ConfigError, DataError
from caffepy.proto import hdf5

EVIL = board_files.EVIL


def test_table_graph_and_facts_of_a_net(folder):
    files = board_files.fill(folder)
    shelf = Shelf([folder])
    looked = look(files["net"], "TEST", shelf)
    assert [row.name for row in looked.table.rows][-1] == "loss" and not looked.notes
    facts = layers.facts(looked, "conv")
    assert (facts.params, facts.multiply_adds, facts.learns) == (20, 5 * 64 * 2 * 9, True)
    assert facts.tops == [layers.Tensor("conv", "5 x 2 x 8 x 8")]
    assert "pad: 1" in facts.prototxt and layers.facts(looked, "none") is None
    made = ET.fromstring(graph.drawn(looked, lambda name: f"?layer={name}"))
    links = {link.get("data-layer"): link.get("href") for link in made.iter(
        "{http://www.w3.org/2000/svg}a")}
    assert links["relu"] == "?layer=relu"  # which is drawn within conv's box
    assert set(links) == {row.name for row in looked.table.rows}
    assert phases(files["net"]) == ["TRAIN", "TEST"]


def test_names_of_layers_are_text_in_the_graph(folder):
    path = folder / "evil.prototxt"
    path.write_text(f'layer {{ name: "{EVIL}" type: "Input" top: "</svg>{EVIL}" '
                    "input_param { shape { dim: 1 dim: 2 } } }")
    looked = look(path, "TEST", Shelf([folder]))
    svg = graph.drawn(looked, lambda name: f'"?layer={name}')
    assert "<img" not in svg and svg.count("</svg>") == 1
    made = ET.fromstring(svg)
    assert made.find(".//{http://www.w3.org/2000/svg}a").get("data-layer") == EVIL
    assert phases(path) == ["TEST"]


def test_shapes_are_those_of_a_leveldb_that_is_not_opened(folder):
    """Of gray pictures, cropped."""
    held = board_files.database(folder / "held", board_files.records(3), "leveldb")
    path = board_files.write_net(folder, held, "LEVELDB", more="crop_size: 6")
    with open_db(str(held), "leveldb", "append"):
        looked = look(path, "TRAIN", Shelf([folder]))
    assert looked.row("data").shapes == [(5, 1, 6, 6), (5,)]
    assert "one process at a time" in looked.notes[0]
    with pytest.raises(ConfigError, match="one process at a time"):
        admitting.require(looked.param, Shelf([folder]))


PYTHON = """
layer { name: "own" type: "Python" bottom: "data" top: "own"
  python_param { module: "os" layer: "system" } }
layer { name: "after" type: "ReLU" bottom: "own" top: "after" }
"""


def test_what_lies_outside_is_not_opened_and_code_is_not_run(folder, tmp_path):
    outside = board_files.database(tmp_path / "other_lmdb", board_files.records(3))
    path = board_files.write_net(folder, outside, more="crop_size: 4",
                                 body=board_files.BODY + PYTHON)
    shelf = Shelf([folder])
    looked = look(path, "TRAIN", shelf)
    assert looked.row("data").shapes == [(5, 3, 4, 4), (5,)]  # by crop_size
    assert looked.row("own").type == "Python" and looked.row("after").shapes is None
    assert any("lies outside" in note for note in looked.notes)
    assert any("its code is not run" in note for note in looked.notes)
    with pytest.raises(ConfigError, match="outside of the folders"):
        admitting.require(looked.param, shelf)
    del looked.param.layer[0]
    with pytest.raises(ConfigError, match="runs no code"):
        admitting.require(looked.param, shelf)


@pytest.mark.parametrize("layer, said", [
    ('type: "HDF5Output" bottom: "a" hdf5_output_param { file_name: "x.h5" }', "writes nothing"),
    ('type: "ImageData" top: "a" image_data_param { source: "LIST" }', "outside of the folders"),
    ('type: "ImageData" top: "a" image_data_param { source: "PAIRS" }', "outside of the folders"),
    ('type: "Data" top: "a" data_param { source: "/" backend: LMDB }', "outside of the folders"),
])
def test_layers_that_would_write_or_read_beyond_are_refused(folder, tmp_path, layer, said):
    from google.protobuf import text_format

    from caffepy.proto import caffe_pb2

    (tmp_path / "secret.png").write_bytes(board_files.png(board_files.quarter(0)))
    (folder / "in.png").write_bytes(board_files.png(board_files.quarter(0)))
    (folder / "list.txt").write_text(f"{tmp_path}/secret.png 0\n")
    (folder / "pairs.txt").write_text(f"{folder}/in.png {tmp_path}/secret.png\n")
    layer = layer.replace("PAIRS", str(folder / "pairs.txt"))
    param = caffe_pb2.NetParameter()
    text_format.Parse(f'layer {{ name: "a" {layer.replace("LIST", str(folder / "list.txt"))} }}',
                      param)
    with pytest.raises(ConfigError, match=said):
        admitting.require(param, Shelf([folder]))


def test_the_weights_of_a_net_are_found_by_its_layers(folder):
    files = board_files.fill(folder)
    other = folder / "other.prototxt"
    other.write_text(files["net"].read_text().replace('"ip"', '"ip2"').replace('"conv"', '"c2"'))
    shelf = Shelf([folder])
    models = Models(shelf)
    assert [net.name for net in models.nets()] == ["shelf/net.prototxt", "shelf/other.prototxt"]
    fitting = models.fitting(look(files["net"], "TEST", shelf).learning)
    assert [one.iteration for one in fitting] == [10, 20]
    assert models.fitting(look(other, "TEST", shelf).learning) == []
    assert models.net_of("shelf/quarters_iter_10.caffemodel") == "shelf/net.prototxt"
    assert models.net_of("shelf/none.caffemodel") == ""


def test_a_net_is_known_by_its_layers_however_it_is_written(folder):
    (folder / "one_line.prototxt").write_text(
        'name: "flat" layer { name: "data" type: "Input" top: "data" } layer { name: "b" }')
    (folder / "other_solver.prototxt").write_text('net_param { layer { name: "x" } }')
    (folder / "solver.prototxt").write_text('net: "net.prototxt" # layer { name: "x" }')
    one, = Models(Shelf([folder])).nets()
    assert (one.title, one.layers, one.fed) == ("flat", 2, True)


@pytest.mark.parametrize("ending", [".caffemodel", ".caffemodel.h5"])
def test_layers_with_weights_are_known_without_reading_these(folder, ending):
    path = board_files.write_weights(folder)[0]
    if ending.endswith(".h5"):
        layers = [(layer.name, {i: (blob, None) for i, blob in enumerate(layer.blobs)})
                  for layer in weights_of(path).layers]
        path = folder / f"w{ending}"
        hdf5.write_net(path, layers)
    assert learnt(path) == {"conv", "ip"}
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(DataError):
        learnt(path)


def test_filters_lie_side_by_side_and_gray_is_zero():
    filters = np.zeros((5, 1, 3, 3), np.float32)
    filters[4, 0] = 2
    filters[0, 0, 0, 0] = -2
    made = weights.picture(filters)
    assert made.shape == (1 + 2 * 4, 1 + 3 * 4)
    assert made[1, 1] == 0 and made[2, 2] == 127 and (made[5:8, 5:8] == 255).all()
    assert weights.picture(np.zeros((4, 3, 2, 2))).shape == (7, 7, 3)
    assert weights.picture(np.zeros((4, 5, 2, 2))).shape == (13, 16)  # a row for each filter
    assert weights.picture(np.zeros((3, 7))).shape == (3, 7)
    assert weights.picture(np.full(4, np.nan)).shape == (1, 4)
    assert weights.picture(np.zeros((1, 1, 1, 6))).shape[1] >= 6


def test_how_weights_moved_over_snapshots(folder):
    paths = board_files.write_weights(folder, (10, 20, 40))
    found, low, high = moving.steps(
        [(str(i), weights_of(path).blobs("ip")[0]) for i, path in enumerate(paths)])
    assert [step.moved for step in found] == [None, pytest.approx(1), pytest.approx(1)]
    assert (low, high) == (0, pytest.approx(0.4))
    assert found[0].most == pytest.approx(0.1) and found[0].counts.sum() == pytest.approx(1)
    assert found[0].counts[15] == pytest.approx(0.25)  # a quarter of them, of 60 bins
    svg = moving.ridges([*found], low, high, f'"{EVIL}')
    ET.fromstring(svg)
    assert len(moving.chosen(list(range(100)))) == moving.MOST


def test_what_is_infinite_is_counted_and_left_out():
    found, low, high = moving.steps([("1", np.array([1, np.inf, np.nan])), ("2", np.zeros(0))])
    assert [step.strange for step in found] == [2, 0] and low <= 1 <= high


def test_layers_are_timed_without_their_data(folder):
    files = board_files.fill(folder)
    shelf = Shelf([folder])
    took = times.times(look(files["net"], "TRAIN", shelf), shelf, batch=3)
    by_name = {one.name: one for one in took}
    assert by_name["data"].type == "Input"
    assert by_name["ip"].forward > 0 and by_name["ip"].backward > 0 and by_name["ip"].engine
    assert sum(one.share for one in took) == pytest.approx(1)
