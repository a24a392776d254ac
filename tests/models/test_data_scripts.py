"""The Python behind data/: what is fetched is checked, what is made is right."""

import importlib.util
import io
import sys
import tarfile

import h5py
import numpy as np
import pytest
from models.offline import ROOT

from caffepy.proto import caffe_pb2


@pytest.fixture
def script(monkeypatch):
    """Loads data/<folder>/<name>.py; what it puts on the path is taken away again."""

    def load(folder, name):
        spec = importlib.util.spec_from_file_location(
            f"{folder}_{name}", ROOT / "data" / folder / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    monkeypatch.setattr(sys, "path", list(sys.path))
    yield load
    sys.modules.pop("fetching", None)


@pytest.fixture
def imagenet(script, tmp_path, monkeypatch):
    """data/ilsvrc12/fetch.py for a small archive."""
    fetch = script("ilsvrc12", "fetch")
    fetch.HERE = tmp_path / "ilsvrc12"
    fetch.HERE.mkdir()
    fetch.LINES = {"train.txt": 3, "val.txt": 2}
    fetch.MEAN_BYTES = 100
    return fetch


MEAN = np.arange(27, dtype=np.float32)
GOOD = {"train.txt": b"a 0\nb 1\nc 2\n", "val.txt": b"d 0\ne 1", "imagenet_mean.binaryproto":
        caffe_pb2.BlobProto(num=1, channels=3, height=3, width=3, data=MEAN).SerializeToString(),
        "det_synset_words.txt": b"n1 cat\n", "../../evil.txt": b"x", "other": b"x"}


def archive(path, files):
    with tarfile.open(path, "w:gz") as packed:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return str(path)


def test_imagenets_lists(imagenet, tmp_path, capsys):
    assert imagenet.main([archive(tmp_path / "a.tar.gz", GOOD)]) == 0
    assert sorted(path.name for path in imagenet.HERE.iterdir()) == [
        "det_synset_words.txt", "ilsvrc_2012_mean.npy", "imagenet_mean.binaryproto", "train.txt",
        "val.txt"]
    array = np.load(imagenet.HERE / "ilsvrc_2012_mean.npy")
    assert array.dtype == np.float64 and np.array_equal(array, MEAN.reshape(3, 3, 3))
    assert (imagenet.HERE / "val.txt").read_bytes() == GOOD["val.txt"]
    capsys.readouterr()
    assert imagenet.main([str(tmp_path / "gone")]) == 0  # all is here: not looked at
    assert "trying" not in capsys.readouterr().out
    (imagenet.HERE / "ilsvrc_2012_mean.npy").unlink()
    assert imagenet.main([]) == 0 and (imagenet.HERE / "ilsvrc_2012_mean.npy").exists()


@pytest.mark.parametrize("name, content, said", [
    ("train.txt", b"a 0\n", "train.txt has 1 lines, not 3"),
    ("imagenet_mean.binaryproto", b"", "imagenet_mean.binaryproto has 0 bytes"),
])
def test_an_archive_with_wrong_content(imagenet, tmp_path, capsys, name, content, said):
    assert imagenet.main([archive(tmp_path / "a.tar.gz", {**GOOD, name: content})]) == 1
    assert said in capsys.readouterr().err
    assert not (imagenet.HERE / name).exists()


def test_what_is_no_archive(imagenet, tmp_path, capsys):
    (tmp_path / "a.tar.gz").write_bytes(b"<html>")
    assert imagenet.main([str(tmp_path / "a.tar.gz")]) == 1
    assert "could not be had" in capsys.readouterr().err


def test_fashion_mnist_from_the_systems_folder(script, tmp_path, monkeypatch):
    import gzip

    fetch = script("fashion_mnist", "fetch")
    for name in fetch.FILES:
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(name.encode()))
    got = dict(fetch.from_folder(tmp_path, set(fetch.FILES)))
    assert got == {name: name.encode() for name in fetch.FILES}
    # none of these is Fashion-MNIST
    assert fetch.collect("x", tmp_path, fetch.FILES, {"here": lambda names: got.items()}) == 1


def test_rows_for_logistic_regression(script, tmp_path):
    data = script("hdf5_classification", "make_data")
    data.ROOT, data.HERE = tmp_path, tmp_path / "data"
    data.HERE.mkdir()
    data.main()
    with h5py.File(data.HERE / "train.h5") as file:
        x, labels = file["data"][:], file["label"][:]
    assert x.shape == (7500, 4) and x.dtype == np.float32 and set(labels) == {0, 1}
    assert abs(labels.mean() - 0.5) < 0.02
    assert (data.HERE / "train.txt").read_text() == "data/train.h5\n" * 2
    assert (data.HERE / "test.txt").read_text() == "data/test.h5\n"
    again, _ = data.rows()
    assert np.array_equal(again[:7500], x)
    # a line tells some of them apart, and by far not all
    plane = np.linalg.lstsq(np.c_[x, np.ones(len(x))], 2 * labels - 1, rcond=None)[0]
    right = ((np.c_[x, np.ones(len(x))] @ plane > 0) == labels).mean()
    assert 0.6 < right < 0.8


def test_lists_of_styles(script, tmp_path):
    assemble = script("flickr_style", "assemble")
    assemble.HERE = tmp_path
    folder = tmp_path / "pictures"
    for style, count in (("Noir", 8), ("Bright & clear", 7), ("empty", 0)):
        (folder / style).mkdir(parents=True)
        for i in range(count):
            (folder / style / f"{i}.JPG").touch()
        (folder / style / "notes.md").touch()
    assemble.main(folder)
    train, test, styles = ((tmp_path / name).read_text().splitlines()
                           for name in ("train.txt", "test.txt", "styles.txt"))
    assert styles == ["Bright & clear", "Noir", "empty"]
    assert (len(train), len(test)) == (12, 3) and len({*train, *test}) == 15
    for line in train + test:
        path, label = line.rsplit(" ", 1)
        assert path.startswith(str(folder / styles[int(label)])) and path.endswith(".JPG")
    for i in range(18):
        (folder / f"more{i}").mkdir()
    with pytest.raises(SystemExit, match="has 21 sub-folders"):
        assemble.main(folder)
    with pytest.raises(SystemExit, match="there is no folder"):
        assemble.main(tmp_path / "nix")
