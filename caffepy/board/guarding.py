"""Who may ask: the token of the address, the Host header, where a POST comes from.

The token is the first part of all addresses' path: no cookie, so nothing that another server on
this machine would be sent, and no site can write an address of the board. Addresses do not leave
it, for the pages say ``Referrer-Policy: same-origin`` and load nothing from elsewhere. (With
no-referrer browsers say ``Origin: null`` of the board's own forms, as they do of foreign ones.)
"""

from __future__ import annotations

import ipaddress
import secrets
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from hmac import compare_digest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

LOOPBACK = ("localhost", "127.0.0.1", "::1")
PAUSE = 1.0  # seconds from a wrong password to the next
REMEMBERED = 10000  # addresses that gave one

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
          "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def new_token() -> str:
    """144 bits that nobody guesses."""
    return secrets.token_urlsafe(18)


def same(given: str, secret: str) -> bool:
    """Whether two texts are one, in a time that tells nothing."""
    return compare_digest(given.encode(errors="replace"), secret.encode())


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server on that address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def hosts(host: str) -> set[str]:
    """The names under which a board on ``host`` may be asked for, beside addresses in numbers."""
    names = {*LOOPBACK, host.lower()}
    return names if is_loopback(host) else names | {socket.gethostname().lower(),
                                                    socket.getfqdn().lower()}


def known_host(header: str, names: Iterable[str], *, numbers: bool) -> bool:
    """Whether a Host header is one of the board's. A site whose name is made to point here (DNS
    rebinding) still says its own.

    Args:
        header: NAME[:PORT].
        names: those of ``hosts``.
        numbers: addresses in numbers are the board's too; no name server stands behind them.
    """
    name, colon, port = header.lower().rpartition(":")
    if not colon or not port.isdigit():
        name = header.lower()
    name = name.removeprefix("[").removesuffix("]")
    if name in names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return numbers


def from_elsewhere(request: Request) -> bool:
    """Whether a browser says that another site sent this."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    mine = request.headers.get("Host", "")
    return (site not in ("same-origin", "none")
            or origin is not None and origin.partition("://")[2] != mine)


def protect(response: Response) -> None:
    """Give an answer the headers of all."""
    for key, value in HEADERS.items():
        response.headers.setdefault(key, value)
    response.headers.setdefault("Cache-Control", "no-store")


class Password:
    """A password, and how often it may be guessed: once a second from one address. Who comes too
    soon is sent away at once, so that guesses hold up nobody else."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lock = threading.Lock()
        self._wrong: OrderedDict[str, float] = OrderedDict()  # when an address guessed last

    def right(self, given: str, who: str) -> bool | None:
        """Whether it is the password; None if this address has to wait."""
        now = time.monotonic()
        with self._lock:
            if now < self._wrong.get(who, -PAUSE) + PAUSE:
                return None
            if same(given, self._text):
                return True
            self._wrong[who] = now
            self._wrong.move_to_end(who)
            while len(self._wrong) > REMEMBERED:
                self._wrong.popitem(last=False)
            return False
