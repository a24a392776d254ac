"""Who may ask a board, and what it says to whom."""

import io
import re

import pytest
from boards import HOST, Asked, measured
from werkzeug.test import Client

from caffepy.board import guarding, routes, serving
from caffepy.board.application import MOST_SENT, Application
from caffepy.board.serving import Board
from caffepy.board.shelf import Shelf
from caffepy.errors import ConfigError


def test_without_the_token_nothing_is_told(asked, folder):
    measured(folder / "secret_run.jsonl")
    assert "secret_run" in asked.get("/").text
    token = asked.application.token
    for path in ("/", "/run?run=shelf/secret_run.jsonl", f"/{token[:-1]}/", f"/{token}x/",
                 f"//{token}/", "/static/board.css", "/None/"):
        answer = Client(asked.application).get(path, headers={"Host": HOST})
        assert answer.status_code == 403 and "secret_run" not in answer.text, path
        assert token not in answer.text
    answer = Client(asked.application).get(f"/{token}", headers={"Host": HOST})
    assert answer.status_code == 303 and answer.headers["Location"] == f"/{token}/"


def test_tokens_are_long_and_never_the_same():
    assert guarding.new_token() != guarding.new_token()
    assert re.fullmatch(r"[\w-]{24}", guarding.new_token())


@pytest.mark.parametrize("host, status", [
    ("localhost", 200), ("localhost:9000", 200), ("127.0.0.1:5000", 200), ("[::1]:5000", 200),
    ("evil.example", 421), ("evil.example:5000", 421), ("127.0.0.1.evil.example", 421),
    ("10.0.0.5:5000", 421), ("", 421), ("localhost.evil.example", 421)])
def test_a_name_that_was_made_to_point_here_is_refused(asked, host, status):
    assert asked.open("GET", "/", headers={"Host": host}).status_code == status


def test_beyond_loopback_the_machine_s_names_and_numbers_are_right(folder):
    board = Asked(Application(Shelf([folder]), "0.0.0.0", "word"))
    for host, status in (("10.0.0.5:5000", 200), ("localhost", 200), ("evil.example", 421)):
        assert board.open("GET", "/", headers={"Host": host}).status_code == status


def test_all_answers_forbid_what_the_page_does_not_need(asked):
    assert {"GET"} == set(routes.methods("/")) and not routes.methods("/none")
    for path, status in (("/", 200), ("/none", 404), ("/none.json", 404), ("/run", 400),
                         ("/static/board.css", 200), ("/run.json?run=x", 404)):
        answer = asked.get(path) if "?" not in path else asked.get(
            path.partition("?")[0], run="x")
        assert answer.status_code == status, path
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Set-Cookie" not in answer.headers


def test_pages_hold_no_script_or_style_of_their_own(asked, folder):
    measured(folder / "a.jsonl")
    for answer in (asked.get("/"), asked.get("/run", run="shelf/a.jsonl"), asked.get("/none")):
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=|javascript:",
                             answer.text)
        assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", answer.text)


def test_other_methods_and_other_sites(asked):
    assert asked.open("HEAD", "/").status_code == 200
    answer = asked.post("/")
    assert answer.status_code == 405 and answer.headers["Allow"] == "GET"
    assert asked.open("DELETE", "/").status_code == 405


@pytest.fixture
def echo():
    """A view that takes posts."""
    from caffepy.board.answers import plain

    @routes.post("/echo")
    def view(ask):
        return plain(ask.upload("file").decode())

    yield
    del routes._views["POST", "/echo"]


def test_posts_from_other_sites_and_too_large_ones_are_refused(asked, echo):
    def post(headers, size=3, **environ):
        return asked.open("POST", "/echo", headers={"Host": HOST, **headers},
                          data={"file": (io.BytesIO(b"x" * size), "x.png")},
                          environ_overrides=environ)

    assert post({}).text == "xxx"
    assert post({"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"}).text == "xxx"
    assert post({"Origin": "http://evil.example"}).status_code == 403
    assert post({"Origin": "null"}).status_code == 403
    assert post({"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert post({}, CONTENT_LENGTH=str(MOST_SENT + 1)).status_code == 413
    assert asked.post("/echo").status_code == 400


def test_a_password_leads_to_the_token(folder, monkeypatch):
    application = Application(Shelf([folder]), "0.0.0.0", "right word")
    client = Client(application)

    def ask(word, address="10.0.0.1", **headers):
        return client.post("/", data={"password": word}, headers={"Host": HOST, **headers},
                           environ_overrides={"REMOTE_ADDR": address})

    assert 'type="password"' in client.get("/", headers={"Host": HOST}).text
    monkeypatch.setattr(guarding, "PAUSE", 1000.0)
    wrong = ask("wrong word")
    assert wrong.status_code == 403 and "not the password" in wrong.text
    assert application.token not in wrong.text
    assert "too soon" in ask("right word").text  # even the right one, from there
    right = ask("right word", "10.0.0.2")
    assert right.status_code == 303 and right.headers["Location"] == f"/{application.token}/"
    assert ask("right word", "10.0.0.3", Origin="http://evil.example").status_code == 403
    monkeypatch.setattr(guarding, "PAUSE", 0.0)
    assert ask("right word").status_code == 303


def test_without_a_password_no_word_opens_it(asked):
    answer = Client(asked.application).post("/", data={"password": ""}, headers={"Host": HOST})
    assert answer.status_code == 403 and "password" not in answer.text


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_a_board_for_others_needs_a_password(folder, host):
    with pytest.raises(ConfigError, match="needs a password"):
        Board([str(folder)], host, 0)


def test_ports(folder):
    first = Board([str(folder)], port=0)
    try:
        with pytest.raises(ConfigError, match="cannot listen"):
            Board([str(folder)], port=first.port)
        assert first.address == f"http://127.0.0.1:{first.port}/{first.application.token}/"
    finally:
        first.close()
    with pytest.raises(ConfigError, match="no address of this machine"):
        Board([str(folder)], "no.such.host.invalid", 0, "word")


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "waitress", None)
    with pytest.raises(ConfigError, match=r"pip install 'caffepy\[board\]'"):
        serving.needed()


def test_a_view_that_fails_tells_the_log_and_not_the_visitor(asked, caplog, monkeypatch):
    def broken(ask):
        raise ZeroDivisionError("inner words")

    monkeypatch.setitem(routes._views, ("GET", "/"), broken)
    answer = asked.get("/")
    assert answer.status_code == 500 and "inner words" not in answer.text
