"""MATLAB's files: as SciPy 1.17 writes them, and by hand."""

import base64
import struct
import zlib

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from caffepy.errors import DataError, NotFound
from caffepy.standins._mat import read

# scipy.io.savemat(..., do_compression=True): a GTcls like SBDD's, with sparse matrices and text
SBDD = """
TUFUTEFCIDUuMCBNQVQtZmlsZSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg
ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAABSU0PAAAA2QAAAHicfZDBDoIw
DIa7salciDE+gIkvwDPoQU7GRA9eJy6ERCABvPu4voW2MLTOaMmXdmv782cRACQSYIR5gmDZhXZnwaC7zSG9NF2tYObuE2RV
XcuzqXPbOAHY26ywZWvavCr7m7VpbVbRzK62DfZgawoLHxEhd3j7EZ4fyfwM8zc2r2U/O8xTHns6c1cLpxcgivUXP/qaIV0W
FM5HzHyMPN/ANClC5v/I9kJvz/dP/10iDyEDRWgCCEFIIiDUSz/+o++/p8RPyO895e0J9y7D3hRP5pTCE6o/Guc=
"""
# LabelMap, S, x, d, and two, which are structures
SEVERAL = """
TUFUTEFCIDUuMCBNQVQtZmlsZSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg
ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAABSU0PAAAASAAAAHic42NgYGgA
YjYg5gBibgYIYIXyQTQ7EDNC+T6JSak5vokFLEC2GxD/ZWIG6uVk4GGA0fxwmgFOM8NpNjjNCad5gCwA5KAGEA8AAAAwAAAA
eJzjY2BgcABiNiDmAGIuBghghfKZgJgZiBmBMBjK5gHi//9BKhSBokxg9QBI4wMEDwAAAC4AAAB4nONjYGBwAGI2IOYAYnYG
CGCF8hmBmBlMMzJUQOV5wCoa7CFaHUDaGQA7LQKBDwAAADcAAAB4nONjYGAIAGI2IOaA0iDACuUzQTEjEKYAaU4gVmCAgS/2
MNaLNIbvW56n/ANzDhQ5AACjUQj6DwAAAGkAAAB4nONjYGAwYGRgYAPSHEDMxAABrFA+I1SMkYGZoaQ8HyjOAmRBxEF6EhkY
kpKANB8QWzAgzGHDYg4MgwAnVBwCftiD9Bsg6edA088EdwcEMALdwcjMxEKZvQwOhOxF188IhCA5AOzkBkM=
"""


@pytest.fixture
def path(tmp_path):
    """Writes a file."""

    def write(content):
        (tmp_path / "x.mat").write_bytes(
            base64.b64decode(content) if isinstance(content, str) else content)
        return str(tmp_path / "x.mat")
    return write


def test_a_structure(path):
    found = read(path(SBDD))["GTcls"]
    expected = (np.arange(35).reshape(5, 7) % 6).astype(np.uint8)
    expected[0, 0] = 255
    assert_array_equal(found["Segmentation"], expected)
    assert found["Segmentation"].dtype == np.uint8
    assert found["CategoriesPresent"].tolist() == [[1], [2]]
    assert [*found] == ["Boundaries", "Segmentation", "CategoriesPresent", "Name"]
    assert len(found["Boundaries"]) == 2 and found["Boundaries"][1].size == 0


def test_numbers_of_several_kinds(path):
    found = read(path(SEVERAL))
    assert found["LabelMap"].dtype == np.uint16 and found["LabelMap"][4].tolist() == [
        12, 15, 0, 3, 6, 9, 12]
    assert found["S"].tolist() == [[-1, 0, 1], [5, 33, 2]] and found["S"].dtype == np.int16
    assert found["x"].tolist() == [[1, 2, 3]] and found["x"].dtype == np.float32
    assert found["d"].tolist() == [[1.25, -7e300], [0, 300]] and found["d"].dtype == np.float64
    first, second = found["two"]
    assert first["bb"].tolist() == [[1, 2], [3, 4]] and second["a"].tolist() == [[2]]


def by_hand(order, compressed=False):
    """One variable ``ab``, 2 x 3, whose doubles are stored in bytes."""
    def element(kind, data):
        if len(data) <= 4:
            return struct.pack(f"{order}I", len(data) << 16 | kind) + data.ljust(4, b"\0")
        return struct.pack(f"{order}II", kind, len(data)) + data + bytes(-len(data) % 8)
    matrix = element(14, element(6, struct.pack(f"{order}II", 6, 0))
                     + element(5, struct.pack(f"{order}ii", 2, 3)) + element(1, b"ab")
                     + element(2, bytes([1, 2, 3, 4, 5, 250])))
    if compressed:
        packed = zlib.compress(matrix)
        matrix = struct.pack(f"{order}II", 15, len(packed)) + packed
    return b"MATLAB".ljust(124) + struct.pack(f"{order}H", 0x100) + (
        b"MI" if order == ">" else b"IM") + matrix


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("compressed", [False, True])
def test_both_ends_first(path, order, compressed):
    found = read(path(by_hand(order, compressed)))["ab"]
    assert found.tolist() == [[1, 3, 5], [2, 4, 250]] and found.dtype == np.float64


@pytest.mark.parametrize("content, message", [
    (b"", "this is no MATLAB file"), (b"\x89HDF\r\n\x1a\n" + bytes(300), "version 7.3 .*with -v7"),
    (bytes(512) + b"\x89HDF\r\n\x1a\n", "version 7.3"),
    (by_hand("<")[:-9], "damaged"), (by_hand("<", True)[:-9], "damaged"),
    (by_hand("<").replace(bytes([1, 2, 3, 4, 5, 250]), bytes(6)).replace(
        struct.pack("<ii", 2, 3), struct.pack("<ii", 2, 4)), "damaged")])
def test_what_is_no_such_file(path, content, message):
    name = path(content)
    with pytest.raises(DataError, match=f"{name}: .*{message}"):
        read(name)
    with pytest.raises(NotFound, match="there is no such MATLAB file"):
        read(name + "x")
