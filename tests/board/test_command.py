"""The command as a user starts it."""

import re
import signal
import subprocess
import sys
import urllib.request

import pytest
from boards import measured


@pytest.fixture
def start(folder):
    """Starts the command in the folder; ends it with Ctrl-C, to which it must listen."""
    started = []

    def run(*words, typed=""):
        process = subprocess.Popen(
            [sys.executable, "-m", "caffepy", "board", "-port=0", *words], cwd=folder, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        started.append(process)
        process.stdin.write(typed)
        process.stdin.close()
        process.stdin = None  # which communicate would flush
        return process

    yield run
    for process in started:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0 and "Traceback" not in said


def test_it_shows_the_current_folder_to_this_machine(folder, start):
    measured(folder / "a.jsonl")
    process = start()
    address = re.search(r"http://127\.0\.0\.1:\d+/[\w-]{24}/", process.stdout.readline())[0]
    assert "Ctrl-C" in process.stdout.readline()
    with urllib.request.urlopen(address) as answer:
        assert b"shelf/a.jsonl" in answer.read()


def test_for_others_it_asks_for_a_password_and_says_what_that_means(start):
    process = start("-host", "0.0.0.0", typed="a word\n")
    address = re.search(r"(http://127\.0\.0\.1:\d+/)[\w-]{24}/", process.stdout.readline())
    process.stdout.readline()
    assert "give the password" in process.stdout.readline()
    with urllib.request.urlopen(address[1], data=b"password=a%20word") as answer:
        assert answer.url == address[0]


@pytest.mark.parametrize("words, message", [
    (["none"], "no such folder"), (["-port=99999"], "no such port"),
    (["-host=0.0.0.0"], "needs a password")])
def test_wrong_calls(folder, words, message):
    done = subprocess.run([sys.executable, "-m", "caffepy", "board", *words], cwd=folder, text=True,
                          capture_output=True, stdin=subprocess.DEVNULL, check=False, timeout=60)
    assert done.returncode == 1 and message in done.stderr and "Traceback" not in done.stderr
