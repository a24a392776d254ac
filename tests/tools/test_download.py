"""download_model_binary, and the fetcher of CIFAR-10 that shares its downloads."""

import hashlib
import importlib.util
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from caffepy.errors import ConfigError, DataError, NotFound
from caffepy.services import downloads
from caffepy.services.model_weights import download, front_matter
from caffepy.tools.download_model_binary import main

ROOT = Path(__file__).resolve().parents[2]
CONTENT = bytes(range(256)) * 1000
SHA1 = hashlib.sha1(CONTENT).hexdigest()


def sibling(name):
    """A module of this folder, which is no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with sibling("server").serve(CONTENT) as site:
        yield site


def readme(folder, url, sha1=SHA1, name="net.caffemodel"):
    folder.mkdir(exist_ok=True)
    (folder / "readme.md").write_text(
        f"---\nname: A Model\ncaffemodel: {name}\ncaffemodel_url: '{url}'  # a mirror\n"
        f"license: unrestricted\nsha1: {sha1}\n---\n\nIt says: more words.\n")
    return folder


def test_the_installed_command(shell, site, tmp_path):
    readme(tmp_path / "a model", site.url)
    for said in ("its SHA-1 is right", "Model already exists"):
        done = shell("download_model_binary", "a model")
        assert done.returncode == 0 and said in done.stderr, done.stderr
        assert (tmp_path / "a model" / "net.caffemodel").read_bytes() == CONTENT
    assert len(site.asked) == 1
    assert sorted(os.listdir(tmp_path / "a model")) == ["net.caffemodel", "readme.md"]


def test_a_download_that_was_broken_off_goes_on(site, tmp_path):
    folder = readme(tmp_path / "model", site.url)
    site.give_up_after = 100_000
    with pytest.raises(NotFound, match=r"broken off after 100000 bytes.*Run this again.*\.part"):
        download(str(folder))
    assert not (folder / "net.caffemodel").exists()
    site.give_up_after = None
    download(str(folder))
    assert (folder / "net.caffemodel").read_bytes() == CONTENT
    assert site.asked == [None, "bytes=100000-"]


def test_a_server_without_ranges_begins_again(site, tmp_path):
    folder = readme(tmp_path / "model", site.url)
    (folder / "net.caffemodel.part").write_bytes(CONTENT[:10])
    site.ranges = False
    download(str(folder))
    assert (folder / "net.caffemodel").read_bytes() == CONTENT
    assert site.asked == ["bytes=10-"]


@pytest.mark.parametrize("part", [b"something else", CONTENT + b"more", CONTENT])
def test_a_beginning_that_does_not_fit_is_dropped(site, tmp_path, part):
    folder = readme(tmp_path / "model", site.url)
    (folder / "net.caffemodel.part").write_bytes(part)
    download(str(folder))
    assert (folder / "net.caffemodel").read_bytes() == CONTENT
    assert len(site.asked) == (1 if part == CONTENT else 2)


def test_another_sha1_is_refused(call, site, tmp_path):
    folder = readme(tmp_path / "model", site.url, sha1="0" * 40)
    done = call(main, folder)
    assert done.exit_code == 1
    assert "has another SHA1" in done.output and "0" * 40 in done.output
    assert os.listdir(folder) == ["readme.md"]


def test_a_wrong_model_is_replaced_only_by_the_right_one(site, tmp_path, caplog):
    folder = readme(tmp_path / "model", site.url + "/none")
    (folder / "net.caffemodel").write_bytes(b"old")
    with pytest.raises(NotFound, match="the server does not give it: 404"):
        download(str(folder))
    assert (folder / "net.caffemodel").read_bytes() == b"old"
    download(str(readme(folder, site.url)))
    assert (folder / "net.caffemodel").read_bytes() == CONTENT
    assert "another SHA-1" in caplog.text


def test_no_server(tmp_path):
    folder = readme(tmp_path / "model", "http://127.0.0.1:1/model")
    with pytest.raises(NotFound, match="http://127.0.0.1:1/model: no answer: .*refused"):
        download(str(folder))


@pytest.mark.parametrize("text, words", [
    ("", "an empty file"),
    ("# A model\n", "there is no front matter.*found '# A model'"),
    ("---\ncaffemodel: a\n", "there is no front matter"),
    ("---\ncaffemodel: a\nsha1:\n---\n", "does not say caffemodel_url and sha1"),
])
def test_bad_front_matter(tmp_path, text, words):
    (tmp_path / "readme.md").write_text(text)
    with pytest.raises(ConfigError, match=f"readme.md: .*{words}"):
        front_matter(str(tmp_path / "readme.md"))


def test_names_that_lead_out_of_the_folder(tmp_path):
    with pytest.raises(ConfigError, match="must be the name of a file"):
        download(str(readme(tmp_path / "model", "http://x", name="../../etc/net")))
    with pytest.raises(NotFound, match="File not found"):
        download(str(tmp_path / "none"))


def test_digests(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert downloads.has_digest(str(tmp_path / "a"), "A9993E364706816ABA3E25717850C26C9CD0D89D ")
    assert downloads.has_digest(str(tmp_path / "a"), "900150983cd24fb0d6963f7d28e17f72", "md5")
    assert not downloads.has_digest(str(tmp_path / "a"), "0" * 40)
    assert not downloads.has_digest(str(tmp_path / "b"), "0" * 40)


def test_a_folder_that_cannot_be_written(site, tmp_path):
    with pytest.raises((NotFound, DataError), match="no folder"):
        downloads.fetch(site.url, str(tmp_path / "no" / "file"), "0" * 40)


# -- CIFAR-10 ----------------------------------------------------------------------------------

def archive(names):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as packed:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 5
            packed.addfile(member, io.BytesIO(b"12345"))
    return content.getvalue()


@pytest.fixture
def fetch(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location(
        "fetch_cifar10", ROOT / "data" / "cifar10" / "fetch.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "HERE", tmp_path)
    monkeypatch.setattr(module, "FILES", {name: 5 for name in module.FILES})
    return module


def test_cifar10_is_fetched_checked_and_unpacked(fetch, tmp_path, site, monkeypatch, capsys):
    site.content = archive(["../x/evil.bin", "../y/batches.meta.txt",
                            *(f"cifar-10-batches-bin/{name}" for name in fetch.FILES)])
    monkeypatch.setattr(fetch, "URL", site.url)
    assert fetch.main() == 1
    assert "has another MD5" in capsys.readouterr().err
    monkeypatch.setattr(fetch, "MD5", hashlib.md5(site.content).hexdigest())
    assert fetch.main() == 0
    assert set(os.listdir(tmp_path)) == {*fetch.FILES, "batches.meta.txt"}
    asked = len(site.asked)
    assert fetch.main() == 0 and len(site.asked) == asked  # all there: nothing is asked for
    (tmp_path / "test_batch.bin").write_bytes(b"cut")
    assert fetch.main() == 0 and len(site.asked) == asked + 1


def test_an_archive_that_lacks_files(fetch, tmp_path, monkeypatch, capsys):
    content = archive(["cifar-10-batches-bin/test_batch.bin"])
    (tmp_path / fetch.ARCHIVE).write_bytes(content)
    monkeypatch.setattr(fetch, "MD5", hashlib.md5(content).hexdigest())
    assert fetch.main() == 1
    assert "the archive lacks data_batch_1.bin" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
def test_get_cifar10_runs_the_fetcher_from_any_folder(tmp_path):
    folder = tmp_path / "data" / "cifar10"
    folder.mkdir(parents=True)
    script = folder / "get_cifar10.sh"
    script.write_bytes((ROOT / "data" / "cifar10" / "get_cifar10.sh").read_bytes())
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "python.sh").write_bytes(
        (ROOT / "scripts" / "python.sh").read_bytes())
    (folder / "fetch.py").write_text("print('fetching')")
    for python, code, said in ((sys.executable, 0, "fetching\n"), ("no-such-python", 1, "")):
        done = subprocess.run(["sh", str(script)], cwd="/", capture_output=True, text=True,
                              env={**os.environ, "PYTHON": python})
        assert (done.returncode, done.stdout) == (code, said)
