"""What a view returns."""

from __future__ import annotations

import csv as csv_format
import io
import json as json_format
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from werkzeug.wrappers import Response as Answer

from caffepy.board import templating

if TYPE_CHECKING:
    from caffepy.board.asking import Ask

__all__ = ["Answer", "csv", "data", "json", "page", "picture", "plain", "redirect"]


def page(template: str, ask: Ask, *, title: str, status: int = 200, **values: Any) -> Answer:
    """A page.

    Args:
        template: its file in ``templates``.
        title: in the window's head.
        values: what the template shows.
    """
    return Answer(templating.render(template, ask, title=title, **values), status,
                  content_type="text/html; charset=utf-8")


def bare_page(template: str, **values: Any) -> str:
    """The text of a page for who has not got the token: nothing of the folders is in it."""
    return templating.environment().get_template(template).render(**values)


def json(value: Any, status: int = 200) -> Answer:
    """Plain data; numbers that are none or infinite become null."""
    return Answer(json_text(value), status, content_type="application/json")


def json_text(value: Any) -> str:
    return json_format.dumps(_finite(value), allow_nan=False, separators=(",", ":"))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return value


def csv(name: str, heading: Sequence[str], rows: Iterable[Sequence[object]]) -> Answer:
    """A table to keep. Words that a spreadsheet would take for a formula get an apostrophe, as
    OWASP's page on CSV injection says."""
    content = io.StringIO()
    writer = csv_format.writer(content)
    for row in ([*heading], *rows):
        writer.writerow([_cell(value) for value in row])
    return data(content.getvalue().encode(), "text/csv; charset=utf-8", name)


def _cell(value: object) -> object:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.9g}"
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value


def picture(content: bytes | str) -> Answer:
    """A picture: the bytes of a PNG or a JPEG, or the text of an SVG."""
    if isinstance(content, str):
        return data(content.encode(), "image/svg+xml")
    jpeg = content.startswith(b"\xff\xd8")
    return data(content, "image/jpeg" if jpeg else "image/png")


def plain(text: str) -> Answer:
    """Text as it is."""
    return data(text.encode(errors="replace"), "text/plain; charset=utf-8")


def data(content: bytes, kind: str, name: str | None = None) -> Answer:
    """Bytes of a media type; with a name, to be kept as a file."""
    answer = Answer(content, content_type=kind)
    if name is not None:
        answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, '')}"
    return answer


def redirect(address: str) -> Answer:
    """Go there and GET."""
    return Answer("", 303, {"Location": address})
