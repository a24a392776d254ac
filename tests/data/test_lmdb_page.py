"""The program on the page docs/lmdb.md does what the page says."""

import numpy as np
import pages
from recorded_data import make_db

from caffepy.data import datum

PAGE = pages.DOCS / "lmdb.md"


def test_the_page_reads_a_database(tmp_path, monkeypatch, capsys):
    (program,) = pages.blocks(PAGE, "python")
    assert "caffepy.data" not in program
    (tmp_path / "data" / "mnist").mkdir(parents=True)
    picture = np.full((1, 28, 28), 4, np.uint8)
    pairs = [(b"%08d" % i, datum.from_array(picture, 7 - i).SerializeToString()) for i in range(3)]
    make_db(tmp_path / "data" / "mnist" / "mnist_test_lmdb", pairs)
    monkeypatch.chdir(tmp_path)
    exec(compile(program, str(PAGE), "exec"), {})
    assert capsys.readouterr().out.splitlines() == [
        "3 records",
        "00000000 label 7 shape (1, 28, 28) mean 4.0",
    ]
