"""The views of nets, data, results and tries, asked without a server."""

import json
import re
from html.parser import HTMLParser
from io import BytesIO
from urllib.parse import parse_qs

import board_files
import pytest

from caffepy.core.context import Context
from caffepy.services import testing

NET, SOURCE = "shelf/net.prototxt", "shelf/quarters_lmdb"
WEIGHTS = "shelf/quarters_iter_20.caffemodel"
EVIL = board_files.EVIL


@pytest.fixture
def filled(folder, asked):
    """A board over a net, its weights, its data and a report on it, with HTML in their names."""
    files = board_files.fill(folder)
    testing.test(str(files["net"]), [str(files["weights"])], None, Context(),
                 report=str(folder / "report"))
    evil = folder / f"{EVIL}.prototxt".replace("/", "")
    evil.write_text(files["net"].read_text().replace('"ip"', f'"{EVIL}"').replace(
        '"quarters"', f'"</h1>{EVIL}"'))
    return asked


class Harmless(HTMLParser):
    """Fails at what no page of the board has."""

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        assert not [name for name in told if name.startswith("on") or name == "style"], told
        assert told.get("src", "/").startswith("/"), told
        assert tag != "script" or "src" in told


def page(asked, path, **query):
    """An answer that is there, and harmless."""
    answer = asked.get(path, **query)
    assert answer.status_code == 200, answer.text
    if answer.mimetype == "text/html":
        Harmless().feed(answer.text)
    return answer


def followed(asked, address):
    """The page behind an address that a page or an answer gives."""
    path, _, query = address.replace("&amp;", "&").partition("?")
    path = path.removeprefix(asked.application.prefix)
    return page(asked, path, **parse_qs(query.partition("#")[0])).text


PAGES = [
    ("/net", {}), ("/net", {"net": NET}), ("/net", {"net": NET, "direction": "LR", "timed": "1"}),
    ("/net", {"net": NET, "layer": "conv", "weights": WEIGHTS}),
    ("/net", {"net": NET, "layer": "ip", "picture": f"3@{SOURCE}", "timed": "1", "phase": "TEST"}),
    ("/net", {"net": f"shelf/{EVIL}.prototxt", "layer": EVIL}),
    ("/data", {}), ("/data/source", {"source": SOURCE}),
    ("/data/source", {"source": SOURCE, "label": EVIL}),
    ("/data/source", {"source": SOURCE, "suspicious": "1", "page": "9"}),
    ("/data/record", {"source": SOURCE, "record": "2"}), ("/data/seen", {"net": NET}),
    ("/results", {}), ("/results/report", {"folder": "shelf/report"}),
    ("/results/report", {"folder": "shelf/report", "truth": "2", "answer": "1", "source": SOURCE}),
    ("/results/test", {"net": NET, "weights": WEIGHTS}),
    ("/results/test", {"net": NET, "weights": WEIGHTS, "truth": "2", "answer": "2"}),
    ("/try", {}), ("/try", {"net": NET, "picture": f"2@{SOURCE}", "occlude": "1"}),
    ("/try", {"net": f"shelf/{EVIL}.prototxt", "weights": WEIGHTS, "picture": f"2@{SOURCE}"}),
    ("/try", {"net": NET, "picture": [f"{i}@{SOURCE}" for i in range(3)], "invert": "1"}),
    ("/try", {"net": NET, "picture": "gone", "trouble": EVIL}),
]


@pytest.mark.parametrize("path, query", PAGES)
def test_pages_are_there_and_names_are_text(filled, path, query):
    page(filled, path, **query)


@pytest.mark.parametrize("path, query", [
    ("/net/weights", {"weights": WEIGHTS, "layer": "conv", "index": "0"}),
    ("/data/thumb", {"source": SOURCE, "record": "2"}),
    ("/data/picture", {"source": SOURCE, "record": "2"}), ("/data/mean", {"source": SOURCE}),
    ("/data/sheet", {"net": NET, "phase": "TRAIN"}),
    ("/results/file", {"folder": "shelf/report", "file": "confusion.png"}),
    ("/results/plain", {"source": SOURCE, "record": "2"}),
    ("/try/picture", {"picture": f"2@{SOURCE}"}),
    ("/try/map", {"net": NET, "weights": WEIGHTS, "picture": f"2@{SOURCE}", "blob": "prob"}),
    ("/try/occlusion", {"net": NET, "weights": WEIGHTS, "picture": f"2@{SOURCE}", "class": "1"}),
])
def test_pictures_are_there(filled, path, query):
    assert page(filled, path, **query).data[:4] in (b"\x89PNG", b"\xff\xd8\xff\xe0")


@pytest.mark.parametrize("path, query", [
    ("/net", {"net": "../secret.prototxt"}), ("/net", {"net": NET, "layer": "none"}),
    ("/net/weights", {"weights": "shelf/../../w.caffemodel", "layer": "ip"}),
    ("/net/weights", {"weights": WEIGHTS, "layer": "ip", "index": "7"}),
    ("/data/source", {"source": "/etc"}), ("/data/source", {"source": "shelf/link_lmdb"}),
    ("/data/source", {"source": "shelf"}), ("/data/record", {"source": SOURCE, "record": "999"}),
    ("/data/mean", {"file": "../mean.binaryproto"}),
    ("/results/report", {"folder": "shelf/.."}),
    ("/results/file", {"folder": "shelf/report", "file": "../../x.png"}),
    ("/try/map", {"net": NET, "weights": WEIGHTS, "picture": f"2@{SOURCE}", "blob": "x"}),
    ("/try/picture", {"picture": "1@shelf/link_lmdb"}), ("/try/picture", {"picture": "x@y"}),
    ("/results/test", {"net": NET, "weights": "shelf/labels.txt"}),
])
def test_what_is_not_there_or_outside_is_a_plain_message(filled, folder, tmp_path, path, query):
    board_files.database(tmp_path / "other_lmdb", board_files.records(3))
    (folder / "link_lmdb").symlink_to(tmp_path / "other_lmdb")
    answer = filled.get(path, **query)
    assert answer.status_code in (400, 404), answer.text
    assert 'class="error"' in answer.text


def test_records_come_in_parts_for_scrolling(filled):
    told = page(filled, "/data/records.json", source=SOURCE, start="20", count="10").json
    assert told["total"] == 23 and [one["number"] for one in told["records"]] == [20, 21, 22]
    label = board_files.records(23)[20][1]
    assert told["records"][0]["words"] == f"{board_files.NAMES[label]} ({label})"


def test_a_cell_of_the_table_leads_to_its_pictures(filled, folder):
    text = page(filled, "/results/test", net=NET, weights=WEIGHTS).text
    address = re.search(r'href="([^"]*/results/test[^"]*truth=3&amp;answer=3[^"]*)"', text)
    shown = followed(filled, address[1])
    wanted = [i for i, (_, label) in enumerate(board_files.records(23)) if label == 3]
    assert sorted(map(int, re.findall(r'alt="Record (\d+)"', shown))) == wanted


def test_pictures_are_sent_and_answered(filled):
    files = [(BytesIO(board_files.png(board_files.quarter(3))), f"{EVIL}.png"),
             (BytesIO(b"no picture"), "broken.png")]
    answer = filled.post("/try", net=NET, weights="", picture=files)
    assert answer.status_code == 303
    text = followed(filled, answer.headers["Location"])
    assert "broken.png: this is no picture that can be tried" in text
    first = re.search(r"<tbody>\s*<tr><th scope=\"row\">([^<]*)", text)
    assert first[1] == "lower right"
    assert "What is done to a picture, as in training: brought to 8 x 8 pixels" in text


def test_a_report_without_its_data_still_shows(filled, folder):
    told = json.loads((folder / "report" / "report.json").read_text())
    told["classes"][0]["name"] = EVIL
    (folder / "report" / "report.json").write_text(json.dumps(told))
    page(filled, "/results/report", folder="shelf/report", truth="0", answer="0")
