"""create_label_map."""

import pytest

from caffepy.data import label_map
from caffepy.tools.create_label_map import main


def made(call, tmp_path, text, *flags):
    (tmp_path / "names.txt").write_text(text)
    done = call(main, *flags, tmp_path / "names.txt", tmp_path / "map.prototxt")
    assert done.exit_code == 0, done.output
    return [(one.name, one.label, one.display_name)
            for one in label_map.read_items(str(tmp_path / "map.prototxt"))]


BACKGROUND = ("none_of_the_above", 0, "background")


@pytest.mark.parametrize("text, flags, expected", [
    ("cat\ndog\n", [], [("cat", 0, "cat"), ("dog", 1, "dog")]),
    ("cat\ndog\n", ["--include_background"], [BACKGROUND, ("cat", 1, "cat"), ("dog", 2, "dog")]),
    ("cat 5\ndog 3\n", [], [("cat", 5, "cat"), ("dog", 3, "dog")]),
    ("n01 1 cat\r\nn02 2 dog\r\n\r\n", [], [("n01", 1, "cat"), ("n02", 2, "dog")]),
    ("1,1,person\n2,2,traffic light\n", ["--delimiter=,"],
     [("1", 1, "person"), ("2", 2, "traffic light")]),
    ("a:1;x\nb;2:y\n", ["--delimiter=:;"], [("a", 1, "x"), ("b", 2, "y")]),
])
def test_names(call, tmp_path, text, flags, expected):
    assert made(call, tmp_path, text, *flags) == expected


@pytest.mark.parametrize("text, flags, why", [
    ("cat 1\ndog\n", [], "names.txt:2: Inconsistent number of fields per line (found 1 fields; "
                         "allowed: 2)"),
    ("a b c d\n", [], "names.txt:1: Inconsistent number of fields per line (found 4 fields"),
    ("cat one\n", [], "names.txt:1: a label is a whole number (found 'one')"),
    ("traffic light\n", [], "a label is a whole number (found 'light')"),
    ("\n", ["--include_background"], "the file has no name"),
    ("cat\n", ["--delimiter="], "delimiter is empty"),
])
def test_wrong_names(call, tmp_path, text, flags, why):
    (tmp_path / "names.txt").write_text(text)
    done = call(main, *flags, tmp_path / "names.txt", tmp_path / "map.prototxt")
    assert done.exit_code == 1 and why in done.output
    assert not (tmp_path / "map.prototxt").exists()


def test_no_file(call, tmp_path):
    done = call(main, tmp_path / "none", tmp_path / "map.prototxt")
    assert done.exit_code == 1 and "none" in done.output
