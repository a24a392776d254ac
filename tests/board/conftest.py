"""Boards over a test's folder: asked without a server, and opened in a browser where one is."""

from __future__ import annotations

import importlib.util
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from boards import Asked, Opened

from caffepy.board.application import Application
from caffepy.board.serving import Board
from caffepy.board.shelf import Shelf

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder for a board, called shelf."""
    made = tmp_path / "shelf"
    made.mkdir()
    return made


@pytest.fixture
def asked(folder) -> Asked:
    """The board over ``folder``."""
    return Asked(Application(Shelf([folder])))


@pytest.fixture
def served(folder) -> Iterator[str]:
    """The address of a board over ``folder`` that listens on a free port."""
    board = Board([str(folder)], port=0)
    thread = threading.Thread(target=board.run, daemon=True)
    thread.start()
    yield board.address
    board.close()
    thread.join(10)


# -- a browser -------------------------------------------------------------------------------------


def browser_path() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless browser, the machine's own; without one, or without its driver, tests skip."""
    path = browser_path()
    if path is None:
        pytest.skip(f"no browser here ({', '.join(BROWSERS)})")
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("playwright, which drives a browser, is not installed")
    from playwright.sync_api import sync_playwright

    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=options)
        yield started
        started.close()


@pytest.fixture
def opened(browser) -> Iterator[Opened]:
    """A page. At the end nothing may have been said on its console, and no address asked for but
    the first one's host's."""
    context = browser.new_context()
    found = Opened(context.new_page())
    found.page.set_default_timeout(20000)
    found.page.on("console", lambda message: found.troubles.append(message.text))
    found.page.on("pageerror", lambda error: found.troubles.append(str(error)))
    found.page.on("request", lambda request: found.addresses.add(
        "/".join(request.url.split("/")[:3]) if request.url.startswith("http") else
        request.url.partition(":")[0]))
    yield found
    context.close()
    assert not found.troubles
    assert len(found.addresses - {"data", "blob"}) <= 1
