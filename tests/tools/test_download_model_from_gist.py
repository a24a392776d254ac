import io
import os
import re
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from caffepy.services import gists as service
from caffepy.tools import download_model_from_gist as tool

README = b"---\ncaffemodel: a.caffemodel\ncaffemodel_url: http://x/y\nsha1: 12\n---\n"


def packed(files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


@pytest.fixture
def gists(monkeypatch):
    """Gists by their number, on a server of this machine."""
    given = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            number = re.fullmatch("/(.*)/download", self.path)[1]
            if number not in given:
                self.send_error(404)
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(given[number])

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(service, "URL", f"http://127.0.0.1:{server.server_address[1]}/{{}}/download")
    yield given
    server.shutdown()
    thread.join()
    server.server_close()


def test_files_go_into_a_folder_of_their_own(gists, call, tmp_path):
    gists["me/12ab"] = packed({"12ab-master/readme.md": README, "../../evil.sh": b"x",
                               "12ab-master/solver.prototxt": b"base_lr: 1"})
    done = call(tool.main, "me/12ab", tmp_path)
    assert done.exit_code == 0, done.output
    folder = tmp_path / "me-12ab"
    assert sorted(os.listdir(folder)) == ["evil.sh", "readme.md", "solver.prototxt"]
    assert (folder / "readme.md").read_bytes() == README
    assert os.listdir(tmp_path) == ["me-12ab"]
    assert f"`download_model_binary {folder}` fetches a.caffemodel" in done.output
    done = call(tool.main, "me/12ab", tmp_path)
    assert done.exit_code == 1 and "the folder is there already" in done.output


def test_a_gist_without_a_readme_is_said(gists, call, tmp_path):
    gists["1"] = packed({"1/net.prototxt": b"x"})
    done = call(tool.main, "1", tmp_path)
    assert done.exit_code == 0 and "does not tell where its weights are" in done.output


@pytest.mark.parametrize("gist, said", [
    ("gone", "the server does not give it: 404"),
    ("../x", "a gist is called by its number"),
    ("page", "what came is no zip archive"),
    ("large", "the gist has more than"),
])
def test_what_goes_wrong_leaves_nothing(gists, call, tmp_path, monkeypatch, gist, said):
    gists["page"] = b"<html>"
    gists["large"] = packed({"a": bytes(5000)})
    if gist == "large":
        monkeypatch.setattr(service, "LARGEST", 1000)
    done = call(tool.main, gist, tmp_path)
    assert done.exit_code == 1 and said in done.output, done.output
    assert os.listdir(tmp_path) == []


def test_no_server(call, tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(service, "URL", "http://127.0.0.1:9/{}")
    done = call(tool.main, "1", tmp_path)
    assert done.exit_code == 1 and "no answer" in done.output
