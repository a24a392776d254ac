"""Files whole or not at all, and what a file is."""

import os
from pathlib import Path

import pytest

from caffepy.errors import CaffeError, ConfigError, DataError, NotFound
from caffepy.proto import caffe_pb2, files, text, wire

LENET = Path(__file__).parent.parent / "reference" / "lenet_init.caffemodel"


def test_a_file_appears_whole(tmp_path):
    path = tmp_path / "a"
    with files.atomic_write(path) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a"]
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask


def test_who_has_the_old_file_open_keeps_it(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with open(path, "rb") as reader:
        with files.atomic_write(path) as file:
            file.write(b"new")
        assert reader.read() == b"old"


def test_or_not_at_all(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), files.atomic_write(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_writers_that_open_files_themselves(tmp_path):
    with files.atomic_path(tmp_path / "a.h5") as beside:
        assert beside.parent == tmp_path  # a rename works within one file system only
        beside.write_bytes(b"x")
    assert (tmp_path / "a.h5").read_bytes() == b"x"


@pytest.mark.parametrize("name", ["a" * 255, "\U0001f600" * 63, "\udcff" * 250])
def test_names_as_long_as_can_be(tmp_path, name):
    with files.atomic_write(tmp_path / name) as file:
        file.write(b"new")
    assert os.listdir(tmp_path) == [name]


def test_names_beside_a_file(tmp_path):
    names = {files.beside(tmp_path / "db", "old") for _ in range(9)}
    assert len(names) == 9
    assert all(os.path.dirname(name) == str(tmp_path) and name.endswith(".old") and
               os.path.basename(name).startswith("db.") for name in names)
    assert os.path.dirname(files.beside("db")) == ""


def test_a_name_that_lasts(tmp_path, monkeypatch):
    """The folder is brought to the disk after the rename."""
    synced = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(
        (os.fstat(handle).st_ino, os.listdir(tmp_path))))
    with files.atomic_write(tmp_path / "a") as file:
        file.write(b"x")
    (tmp_path / "new").mkdir()
    files.put_in_place(tmp_path / "new", tmp_path / "db")
    folder = tmp_path.stat().st_ino
    assert synced[1] == (folder, ["a"]) and synced[2][0] == folder
    assert sorted(synced[2][1]) == ["a", "db"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    with files.atomic_write(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real").read_bytes() == b"new"


def test_devices_are_written_directly():
    with files.atomic_write(os.devnull) as file:
        file.write(b"x")
    assert not os.path.isfile(os.devnull)


def test_errors_of_writing_name_the_file(tmp_path):
    with (
        pytest.raises(NotFound, match="there is no folder .*nope"),
        files.atomic_write(tmp_path / "nope" / "a"),
    ):
        pass
    with pytest.raises(ConfigError, match="this is a folder"), files.atomic_write(tmp_path):
        pass
    with pytest.raises(DataError, match="a: the file cannot be written: No space"):
        with files.atomic_write(tmp_path / "a"):
            raise OSError(28, "No space left on device")
    assert os.listdir(tmp_path) == []


BLOB = caffe_pb2.BlobProto(shape={"dim": [2]}, data=[1, 2])
OLD_BLOB = caffe_pb2.BlobProto(num=1, channels=1, height=1, width=2, data=[1, 2])
STATE = caffe_pb2.SolverState(iter=5, learned_net="a.caffemodel", history=[BLOB])
NET = caffe_pb2.NetParameter(name="n", layer=[{"name": "x", "blobs": [BLOB]}])
V1 = caffe_pb2.NetParameter(layers=[{"name": "x", "blobs": [OLD_BLOB]}])
HDF5 = files.HDF5_SIGNATURE


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (NET.SerializeToString(), "caffemodel"),
        (V1.SerializeToString(), "caffemodel"),
        (caffe_pb2.NetParameter(layer=NET.layer).SerializeToString(), "caffemodel"),
        (LENET, "caffemodel"),
        (STATE.SerializeToString(), "solverstate"),
        (caffe_pb2.SolverState(iter=0, learned_net="x", current_step=0).SerializeToString(),
         "solverstate"),
        (BLOB.SerializeToString(), "binaryproto"),
        (OLD_BLOB.SerializeToString(), "binaryproto"),
        (caffe_pb2.BlobProto(shape={"dim": [1]}, double_data=[1]).SerializeToString(),
         "binaryproto"),
        (HDF5 + bytes(100), "hdf5"),
        (bytes(512) + HDF5, "hdf5"),
        (bytes(1024) + HDF5, "hdf5"),
        (b'name: "n"\n', "prototxt"),
        (b'\n\n\n  # caf\xe9\nlayer{', "prototxt"),
        (b"layer <", "prototxt"),
        (b"\xef\xbb\xbfbase_lr : 1", "prototxt"),
        (b"# nothing but a comment", "prototxt"),
        (b"dear diary, today", "unknown"),
        (b"", "unknown"),
        (b"  \n", "unknown"),
        (bytes(64), "unknown"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "unknown"),
        (bytes(range(256)), "unknown"),
    ],
)  # fmt: skip
def test_kinds_of_files(tmp_path, content, kind):
    data = content.read_bytes() if isinstance(content, Path) else content
    path = tmp_path / "file.of.no.telling.name"
    path.write_bytes(data)
    assert files.sniff(path) == kind


@pytest.mark.parametrize("content, words", [
    (b"\n<!DOCTYPE html><html>", "a web page.*fetch the file again"),
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "a pointer.*git lfs pull"),
    (b"\x1f\x8b\x08\0\0", "a compressed file.*Unpack it"),
    (b"PK\x03\x04" + bytes(30), "a zip archive"),
    (b"\x80\x02\x8a\nl\xfc", "a pickle"),
    (b"\x93NUMPY\x01\0", "a .npy file"),
    (b"\x89PNG\r\n\x1a\n" + bytes(64), "a picture"),
    (bytes(16) + b"\xde\xc0\xef\xbe" + bytes(40), "an LMDB's data.mdb.*data_param"),
])
def test_files_of_others_are_named(tmp_path, content, words):
    path = tmp_path / "net.caffemodel"
    path.write_bytes(content)
    assert files.sniff(path) == "unknown"
    for read, kind in ((wire.read_net, "caffemodel"), (wire.read_blob, "binaryproto"),
                       (lambda path: text.read(path, caffe_pb2.NetParameter()), "prototxt")):
        with pytest.raises(CaffeError, match=f"this is no {kind} .found {words}"):
            read(path)


@pytest.mark.parametrize("keep", [1, 10, 100, 1000, 100_000])
def test_a_file_cut_short_is_still_known(keep):
    data = LENET.read_bytes()[:keep]
    assert files.sniff_bytes(memoryview(data)) in ("caffemodel", "unknown")
    assert keep < 10 or files.sniff_bytes(memoryview(data)) == "caffemodel"


def test_missing_files(tmp_path):
    with pytest.raises(NotFound, match="File not found: .*nope"):
        files.sniff(tmp_path / "nope")
    with pytest.raises(ConfigError, match="this is a folder"):
        files.sniff(tmp_path)
