"""A problem for somebody who followed a link: the same table as everywhere, as a plain page.

Static words only; a page of this kind runs no script and repeats nothing that came from outside.
"""

import html

from bff.browser.headers import document_headers
from bff.endpoints.dependencies import Request
from bff.endpoints.problems import Answer, answer_of, to_problem

Fields = list[tuple[bytes, bytes]]
_KEPT = frozenset({b"allow", b"bff-error", b"bff-forwarded", b"retry-after", b"x-request-id"})
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title></head>
<body><h1>{title}</h1>
<p>{advice}</p>
<p><a href="/">Back to the app</a></p>
<p>Reference: <code>{request_id}</code></p></body></html>
"""
_SIGN_IN = (
    'Perhaps that page was too old, or was used before. <a href="/bff/login">Sign in again</a>.'
)
_WAIT = "This is on our side and usually passes. Please try again in a moment."


def to_answer(error: Exception, request: Request, *, https: bool) -> tuple[int, Fields, bytes]:
    """Status, fields and body: a page for a top-level navigation, a problem document for the rest."""
    status, fields, body = to_problem(error, request.id, https=https)
    if request.get(b"sec-fetch-dest") != b"document":
        return status, fields, body
    body = _page(answer_of(error), request.id)
    kept = [field for field in fields if field[0] in _KEPT]
    head = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    return status, [*head, *kept, *document_headers(https=https)], body


def _page(answer: Answer, request_id: str) -> bytes:
    advice = "Nothing was changed."
    if answer.status >= 500:  # noqa: PLR2004  ours, or a party's behind us
        advice = _WAIT
    elif answer.code in {"login_expired", "login_failed", "session_required", "session_expired"}:
        advice = _SIGN_IN
    page = _PAGE.format(
        title=html.escape(answer.title), advice=advice, request_id=html.escape(request_id)
    )
    return page.encode("utf-8")
