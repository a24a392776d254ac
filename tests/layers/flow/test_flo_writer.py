import numpy as np
import pytest
from support import build, random

from caffepy.errors import ConfigError, DataError, ShapeError


def line(words):
    return f'type: "FLOWriter" writer_param {{ {words} }}'


def content(path):
    data = path.read_bytes()
    assert data[:4] == b"PIEH" and np.frombuffer(data[:4], "<f4") == 202021.25
    width, height = np.frombuffer(data[4:12], "<i4")
    return np.frombuffer(data[12:], "<f4").reshape(height, width, 2)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_an_item(tmp_path):
    flow = random(2, 2, 3, 4).astype(np.float32)
    layer, bottom, top = build(line(f'folder: "{tmp_path}/a/b" prefix: "p-" suffix: "-s"'), flow)
    layer.forward(bottom, top)
    layer.forward(bottom, top)
    folder = tmp_path / "a" / "b"
    assert names(folder) == [
        f"p-000000{batch}(00{item})-s.flo" for batch in range(2) for item in range(2)]
    np.testing.assert_array_equal(
        content(folder / "p-0000001(001)-s.flo"), flow[1].transpose(1, 2, 0))


def test_one_item_a_batch(tmp_path):
    flow = random(1, 2, 3, 4)
    layer, bottom, top = build(line(f'folder: "{tmp_path}"'), flow)
    layer.position = 12  # as after a snapshot
    layer.forward(bottom, top)
    assert names(tmp_path) == ["0000012.flo"] and layer.position == 13


def test_one_file(tmp_path):
    flow = random(3, 2, 3, 4).astype(np.float32)
    layer, bottom, top = build(line(f'file: "{tmp_path}/out.flo"'), flow)
    layer.forward(bottom, top)
    np.testing.assert_array_equal(content(tmp_path / "out.flo"), flow[2].transpose(1, 2, 0))


def test_no_gradient_comes_from_it(tmp_path):
    layer, bottom, top = build(line(f'folder: "{tmp_path}"'), (1, 2, 3, 4))
    bottom[0].diff[...] = 5
    layer.backward(top, [True], bottom)
    assert not bottom[0].diff.any()


def test_what_cannot_be_written(tmp_path):
    with pytest.raises(ShapeError, match="flow has two channels .found shape .1, 3, 3, 4"):
        build(line(f'folder: "{tmp_path}"'), (1, 3, 3, 4))
    with pytest.raises(ConfigError, match="needs a folder, or a file"):
        build(line(""), (1, 2, 3, 4))
    (tmp_path / "taken").write_text("")
    with pytest.raises(DataError, match="the folder cannot be made"):
        build(line(f'folder: "{tmp_path}/taken/out"'), (1, 2, 3, 4))
