"""The board as a WSGI application."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Request

from caffepy import log
from caffepy.board import answers, families, guarding, routes, static_parts  # noqa: F401
from caffepy.board.answers import Answer
from caffepy.board.asking import Ask, Memory
from caffepy.board.shelf import Shelf
from caffepy.errors import CaffeError, NotFound

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

logger = log.get(__name__)

MOST_SENT = 64 << 20  # bytes of a POST
MOST_PARTS = 1000     # of a form: a folder of pictures
TOOK = "Board-Took"    # seconds of this thread's work
TOO_MUCH = f"More than {MOST_SENT >> 20} MiB, or too many files, were sent."


class Limited(Request):
    max_content_length = MOST_SENT
    max_form_memory_size = 1 << 20
    max_form_parts = MOST_PARTS


class Application:
    """The board over some folders.

    Args:
        shelf: the folders.
        host: the address it is served on; decides which Host headers are right.
        password: who knows it is told the token; None lets nobody in who has not got it.
    """

    def __init__(self, shelf: Shelf, host: str = "127.0.0.1", password: str | None = None) -> None:
        self.token = guarding.new_token()
        self._memory = Memory(shelf)
        self._names = guarding.hosts(host)
        self._beyond = not guarding.is_loopback(host)
        self._password = None if password is None else guarding.Password(password)
        families.load("/")

    @property
    def prefix(self) -> str:
        """What all addresses begin with."""
        return f"/{self.token}"

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        began = time.thread_time()
        request = Limited(environ)
        answer = self._guarded(request)
        # by which pages that renew themselves know how often they may ask
        answer.headers[TOOK] = f"{time.thread_time() - began:.4f}"
        guarding.protect(answer)
        answer.call_on_close(request.close)  # what was sent lies in temporary files
        return answer(environ, start_response)

    def _guarded(self, request: Request) -> Answer:
        if not guarding.known_host(request.headers.get("Host", ""), self._names,
                                   numbers=self._beyond):
            return Answer("This board does not answer to that name.\n", 421)
        given, slash, path = request.path.removeprefix("/").partition("/")
        prefix = self.prefix
        if not guarding.same(given, self.token):
            return self._stranger(request)
        if not slash:
            return answers.redirect(f"{prefix}/")
        ask = Ask(request, self._memory, prefix, f"/{path}")
        families.load(ask.path)
        view = routes.find(request.method, ask.path)
        if view is None:
            return self._no_view(ask)
        if request.method == "POST" and guarding.from_elsewhere(request):
            return _failed(ask, 403, "Another site sent this.")
        if (request.content_length or 0) > MOST_SENT:
            return _failed(ask, 413, TOO_MUCH)
        return _answer(view, ask)

    def _stranger(self, request: Request) -> Answer:
        """Who has not got the token: asked for the password, if there is one."""
        ask = Ask(request, self._memory, "", "/")
        if self._password is None:
            return Answer("Open the address that 'caffepy board' printed: it ends in a token.\n",
                          403)
        said = ""
        if request.method == "POST" and not guarding.from_elsewhere(request):
            try:
                right = self._password.right(ask.text("password"), request.remote_addr or "")
            except HTTPException:  # no form, or one that is too large
                right = False
            if right:
                return answers.redirect(f"{self.prefix}/")
            said = ("That is not the password." if right is not None else
                    "That was too soon after a wrong one. Wait a second.")
        return Answer(answers.bare_page("password.html", said=said), 403,
                      content_type="text/html; charset=utf-8")

    def _no_view(self, ask: Ask) -> Answer:
        allowed = routes.methods(ask.path)
        if not allowed:
            return _failed(ask, 404, "There is no such page.")
        answer = _failed(ask, 405, f"This page answers to {', '.join(allowed)} alone.")
        answer.headers["Allow"] = ", ".join(allowed)
        return answer


def _answer(view: Callable[[Ask], Answer], ask: Ask) -> Answer:
    """What a view returns; an error in words."""
    try:
        return view(ask)
    except CaffeError as error:
        return _failed(ask, 404 if isinstance(error, NotFound) else 400, str(error))
    except RequestEntityTooLarge:
        return _failed(ask, 413, TOO_MUCH)
    except HTTPException as error:
        return _failed(ask, error.code or 400, error.description or "")
    except Exception:
        logger.exception("the view of %s failed", ask.path)
        return _failed(ask, 500, "The board made a mistake; the log of 'caffepy board' tells more.")


def _failed(ask: Ask, status: int, message: str) -> Answer:
    values: dict[str, Any] = {"title": "Error", "message": message}
    if ask.path.endswith(".json"):
        return answers.json({"error": message}, status)
    return answers.page("error.html", ask, status=status, **values)
