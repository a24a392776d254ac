"""A web server on this machine that gives ranges of one file, and can break off."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Site:
    """What the server does, and what it was asked.

    Attributes:
        content: of the file /model; everything else is not there.
        ranges: whether it gives ranges.
        give_up_after: bytes after which it hangs up; None: it does not.
        asked: the Range header of each request, or None.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.ranges = True
        self.give_up_after: int | None = None
        self.asked: list[str | None] = []
        self.url = ""


@contextmanager
def serve(content: bytes) -> Iterator[Site]:
    site = Site(content)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            site.asked.append(wanted)
            if self.path != "/model":
                self.send_error(404)
                return
            start = 0
            found = re.fullmatch(r"bytes=(\d+)-", wanted or "")
            if found and site.ranges:
                start = int(found[1])
                if start >= len(site.content):
                    self.send_error(416)
                    return
            body = site.content[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if site.give_up_after is None else body[: site.give_up_after])

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_address[1]}/model"
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
