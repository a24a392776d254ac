"""Every text file is read by one reader: marks, UTF-16 and line ends of any editor do no harm."""

import pytest

from caffepy.cli import scan
from caffepy.data import image_list, window_file
from caffepy.services import (
    checking,
    detection,
    log_reading,
    model_weights,
    number_labels,
    prediction,
    resizing,
)

LOG = """I1112 10:00:00.000001  7 caffe.cpp:1] Log file created at: 2015/11/12 10:00:00
I1112 10:00:01.000001  7 solver.cpp:239] Iteration 0, loss = 2.5
I1112 10:00:01.000001  7 solver.cpp:253]     Train net output #0: loss = 2.5 (* 1 = 2.5 loss)
I1112 10:00:01.000001  7 sgd_solver.cpp:106] Iteration 0, lr = 0.5
"""
CARD = """---
caffemodel: é.caffemodel
caffemodel_url: http://localhost/é
sha1: 12
---
"""

READERS = {
    "image list": ("é 1.png 3\n", lambda path: [
        (line.path, line.label) for line in image_list.read_list(path)]),
    "list of several labels": ("é 1.png 3 0.5\n", lambda path: [
        line.path for line in number_labels.read_list(path, 2)[0]]),
    "window file": ("# 0\né.png\n3 9 9\n1\n1 0.9 0 0 5 5\n", lambda path:
                    window_file.read_window_file(path, 0.5, 0.5).pictures),
    "list of squares": ("é.png 1\n", lambda path:
                        resizing.names_in("/", path)),
    "list to detect in": ("é 1.png\n", detection.read_names),
    "table of windows": ("filename,ymin,xmin,ymax,xmax\né,1,2,3,4\n", detection.read_windows),
    "names of classes": ("n01 é, ü\nn02\n", prediction.read_labels),
    "model card": (CARD, model_weights.front_matter),
    "log": (LOG, lambda path: log_reading.parse_log(path)[0]),
    "flags": ("--solver=é\n\n--gpu 1\n", lambda path: scan.read_flagfiles(path, {}, "caffe")),
    "solver": ("# é\nbase_lr: 1\n", checking.is_solver),
}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark, code", [
    ("", "utf-8"), ("\ufeff", "utf-8"), ("\ufeff", "utf-16-le"), ("\ufeff", "utf-16-be"),
])
@pytest.mark.parametrize("what", READERS)
def test_text_as_any_editor_writes_it(tmp_path, what, mark, code, end):
    content, read = READERS[what]
    path = tmp_path / "file"
    path.write_bytes(content.encode())
    expected = read(str(path))
    assert expected
    path.write_bytes((mark + content.replace("\n", end)).encode(code))
    assert read(str(path)) == expected
