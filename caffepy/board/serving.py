"""The server: where it listens, what it prints, the browser."""

from __future__ import annotations

import contextlib
import socket
import threading
import webbrowser
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from caffepy.board.guarding import is_loopback
from caffepy.board.shelf import Shelf
from caffepy.errors import ConfigError

if TYPE_CHECKING:
    from caffepy.board.application import Application

HOST = "127.0.0.1"
PORT = 5000      # DIGITS's
NEXT = 20        # ports that are tried after it, if nobody asked for one
THREADS = 24     # more than may wait for nets (working.WAITING): runs are shown meanwhile
LOCAL = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # all addresses of a machine, and its own


class Board:
    """A board that listens; ``run`` serves until ``close``.

    Args:
        folders: what it shows.
        host: an address of this machine, or its name.
        port: 0 for a free one; None for 5000 or one of the next.
        password: wanted beyond loopback, where the address is no secret for long.

    Raises:
        ConfigError: the address cannot be listened on; beyond loopback without a password.
        NotFound: a folder is not there.
    """

    def __init__(
        self, folders: Sequence[str], host: str = HOST, port: int | None = None,
        password: str | None = None,
    ) -> None:
        if not is_loopback(host) and not password:
            raise ConfigError("a board that other machines reach needs a password", found=host,
                              fix="Give one, or leave the host at 127.0.0.1.")
        needed()
        from waitress import create_server

        from caffepy.board.application import MOST_SENT, Application

        self.application: Application = Application(Shelf(folders), host, password)
        self.host = host
        listening = _listen(host, port)
        self.port: int = listening.getsockname()[1]
        self._sockets: dict[int, Any] = {}  # by their numbers: the one that listens, and callers'
        self._ended = threading.Event()
        self._running = threading.Lock()
        self._server: Any = create_server(
            self.application, self._sockets, sockets=[listening], threads=THREADS, ident="caffepy",
            max_request_body_size=MOST_SENT + 1, clear_untrusted_proxy_headers=True)

    @property
    def address(self) -> str:
        """What to open in a browser of this machine."""
        host = LOCAL.get(self.host, self.host)
        return f"{_site(host, self.port)}{self.application.prefix}/"

    @property
    def others(self) -> str:
        """What to open on another machine, which asks for the password; "" if none gets here."""
        if is_loopback(self.host):
            return ""
        host = socket.getfqdn() if self.host in LOCAL else self.host
        return f"{_site(host, self.port)}/"

    def run(self, show: Callable[[str], object] | None = None) -> None:
        """Serve until ``close`` or Ctrl-C.

        Args:
            show: called with the address once it can be opened.
        """
        if show is not None:
            show(self.address)
        with self._running:
            with contextlib.suppress(KeyboardInterrupt):
                while not self._ended.is_set():
                    self._server.asyncore.loop(1.0, map=self._sockets, count=1)
            self._server.task_dispatcher.shutdown()

    def close(self) -> None:
        """Stop, from whatever thread, and let go of the port."""
        self._ended.set()
        self._server.pull_trigger()  # it may be waiting for somebody to call
        with self._running:
            self._server.task_dispatcher.shutdown()
            self._server.asyncore.close_all(self._sockets)


def _site(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def needed() -> None:
    """Raise ConfigError unless the extra's packages are installed."""
    try:
        import jinja2  # noqa: F401
        import waitress  # noqa: F401
        import werkzeug  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            f"the board needs {error.name}, which is not installed",
            fix="Install it: pip install 'caffepy[board]'") from None


def _listen(host: str, port: int | None) -> socket.socket:
    """A socket on a port."""
    wanted = [port] if port is not None else range(PORT, PORT + NEXT)
    trouble: OSError | None = None
    for number in wanted:
        try:
            family, kind, protocol, _, where = socket.getaddrinfo(
                host, number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        except OSError as error:
            raise ConfigError("this is no address of this machine", where="flag 'host'",
                              found=host) from error
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(where)
            listening.listen()
            return listening
        except OSError as error:
            listening.close()
            trouble = error
    raise ConfigError(f"the board cannot listen on {host}, port {wanted[-1]}: "
                      f"{trouble.strerror if trouble else ''}",
                      fix="Give another -port, or 0 for a free one.") from trouble


def open_browser(address: str) -> bool:
    """Open the address in the user's browser; whether there was one."""
    return webbrowser.open(address)
