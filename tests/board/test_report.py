"""caffepy report: runs on one page in one file."""

import base64
import hashlib
import json
import os
import re

import pytest
from boards import measured
from click.testing import CliRunner
from support import REFERENCE

from caffepy.board.report import making
from caffepy.cli.report import report
from caffepy.errors import CaffeError, ConfigError, DataError, NotFound

LENET = REFERENCE / "logs" / "lenet_train.log"
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture
def run(folder):
    (folder / "lenet_train.log").write_bytes(LENET.read_bytes())
    return folder / "lenet_train.log"


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page,
                                re.DOTALL)[1])


def test_all_of_a_run_is_in_one_file(run):
    page, told = making.made([str(run)])
    assert told == [str(run)]
    for words in ("accuracy 0.9707", "500 of 500", "test_iter: 100", "finished", "uPlot"):
        assert words in page, words
    data = data_of(page)
    assert data["iterations"][0]["curves"][0]["x"] == [0, 100, 200, 300, 400]
    assert data["seconds"][0]["curves"][0]["x"][0] == pytest.approx(2.642913, 1e-5)
    svg = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', page)[1]
    assert b"conv1" in base64.b64decode(svg)


def test_nothing_is_loaded_and_only_its_own_scripts_run(run):
    page, _ = making.made([str(run)])
    assert not re.search(r"""(?:src|href|action)=["'](?!data:)""", page)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1].replace("&#39;", "'")
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    for kind, element in (("script-src", "script"), ("style-src", "style")):
        told = re.search(rf"{kind} ([^;]+)", policy)[1].split()
        digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
                   for text in re.findall(rf"<{element}>(.*?)</{element}>", page, re.DOTALL)]
        assert told == [f"'sha256-{digest}'" for digest in digests] and digests
    assert not re.search(r"\son\w+=\"|\sstyle=\"", page)


def test_several_runs_and_where_they_differ(folder):
    for name, lr in (("a", 0.01), ("b", 0.5)):
        measured(folder / f"{name}.jsonl", lr=lr)
    page, _ = making.made([str(folder / "a.jsonl"), str(folder / "b.jsonl")])
    assert "<td><code>0.5</code></td>" in page
    assert {c["label"] for c in data_of(page)["iterations"][1]["curves"]} == {
        "a: test accuracy", "b: test accuracy"}


def test_names_cannot_inject(folder):
    evil = EVIL.replace("/", "∕")
    path = measured(folder / f"{evil}.jsonl", 3, net=EVIL, more=f"# {EVIL}\n")
    with open(path, "a") as file:
        file.write(json.dumps({"type": "test", "iter": 30, "seconds": 3, "net": 0,
                               "outputs": {EVIL: 0.5}, "weights": {}}) + "\n")
    (folder / "net.prototxt").write_text(f'layer {{ name: "{EVIL}" type: "{EVIL}" top: "{EVIL}" }}')
    (folder / "tested").mkdir()
    (folder / "tested" / "report.json").write_text(json.dumps(
        {"accuracy": 0.5, EVIL: EVIL, "classes": [{"name": EVIL, "label": 0, "count": 3}]}))
    page, _ = making.made([str(path)])
    assert page.count("&lt;script&gt;") >= 5
    assert "<img src=x" not in page
    ours = len(making.SCRIPTS) + 1  # and the data
    assert page.count("<script") == page.count("</script") == ours
    assert any(EVIL in c["label"] for chart in data_of(page)["iterations"] for c in chart["curves"])


def test_results_beside_the_run_are_in_it(run, folder):
    picture = b"\x89PNG pretended"
    for name, accuracy in (("tested", 0.25), ("other", 0.75)):
        (folder / name).mkdir()
        (folder / name / "report.json").write_text(json.dumps(
            {"accuracy": accuracy, "classes": [{"name": "cat", "count": 3, "accuracy": 0.125}]}))
        (folder / name / "worst.png").write_bytes(picture)
    os.utime(folder / "other" / "report.json", (1e9, 1e9))
    page, _ = making.made([str(run)], str(folder / "tested"))
    assert "accuracy 0.2500" in page and "cat" in page and "0.125" in page
    assert base64.b64encode(picture).decode() in page
    page, _ = making.made([str(run)])
    assert "accuracy 0.2500" in page  # the newest
    with pytest.raises(NotFound, match=r"no report\.json"):
        making.made([str(run)], str(folder))
    (folder / "tested" / "report.json").write_text("[]")
    with pytest.raises(DataError, match="no report"):
        making.made([str(run)], str(folder / "tested"))


def test_the_command(run, folder):
    done = CliRunner().invoke(report, [str(folder)])
    assert done.exit_code == 0, done.output
    assert (folder.parent / "shelf.html").read_text().startswith("<!doctype html>")
    assert str(run) in done.output
    out = folder / "out.html"
    done = CliRunner().invoke(report, [str(run), f"-out={out}"])
    assert done.exit_code == 0 and out.exists()


@pytest.mark.parametrize("words, kind, message", [
    (["none.log"], NotFound, "no such run"), (["notes.txt"], DataError, "neither"),
    ([], ConfigError, "1 to 16 runs"), (["empty"], NotFound, "no training's log")])
def test_wrong_calls(folder, words, kind, message):
    (folder / "notes.txt").write_text("words")
    (folder / "empty").mkdir()
    with pytest.raises(kind, match=message):
        making.made([str(folder / word) for word in words])


def test_a_report_is_a_page(run):
    done = CliRunner().invoke(report, [str(run), "-out=x.pdf"])
    assert isinstance(done.exception, CaffeError) or "is a page" in done.output
