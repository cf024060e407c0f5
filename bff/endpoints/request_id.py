"""The id of a request: the one that a proxy before us gave it, or our own."""

import re

from bff.endpoints.dependencies import Request

REQUEST_ID = re.compile(rb"[A-Za-z0-9_-]{8,64}")


def given_request_id(request: Request) -> str | None:
    """The id that came with the request, if it is fit for a log."""
    if request.get(b"x-request-id") is None:
        return None
    for name, value in request.headers:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            return str(value, "ascii")
    return None
