"""Answers of the provider's endpoints, good and bad (RFC 6749, sections 5.1 and 5.2)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from litestar import MediaType, Request, Response

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
FORM = "application/x-www-form-urlencoded"
REPEATABLE = frozenset({"resource"})


class OAuthError(Exception):
    """An error answer: ``error`` is a registered code, ``description`` is for the developer."""

    def __init__(
        self,
        error: str,
        description: str = "",
        *,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status
        self.headers = dict(headers or {})


def json_answer(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response[Any]:
    """JSON that nobody stores, unless ``headers`` say otherwise."""
    return Response(
        content,
        status_code=status,
        media_type=MediaType.JSON,
        headers={**NO_STORE, **(headers or {})},
    )


def go_to(location: str) -> Response[Any]:
    """303, so that a POST becomes a GET (RFC 9700, section 4.12)."""
    return Response(
        b"",
        status_code=303,
        media_type=MediaType.TEXT,
        headers={**NO_STORE, "Location": location},
    )


def error_answer(_request: Request[Any, Any, Any], error: OAuthError) -> Response[Any]:
    """The exception handler for OAuthError."""
    body = {"error": error.error}
    if error.description:
        body["error_description"] = error.description
    return json_answer(body, error.status, error.headers)


def parameters(pairs: list[tuple[str, str]]) -> tuple[dict[str, str], list[str]]:
    """The parameters and the ``resource`` values; raises OAuthError if any other is repeated.

    RFC 6749, sections 3.1 and 3.2: once each, and an empty value is an absent one.
    """
    single: dict[str, str] = {}
    resources: list[str] = []
    for name, value in pairs:
        if name in REPEATABLE:
            resources.append(value)
        elif name in single:
            raise OAuthError("invalid_request", f"{name} is given more than once")
        elif value:
            single[name] = value
    return single, resources


async def form_pairs(request: Request[Any, Any, Any]) -> list[tuple[str, str]]:
    """The body of a form POST; raises OAuthError if it is something else."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise OAuthError("invalid_request", f"the body must be {FORM}")
    body = (await request.body()).decode("utf-8", errors="replace")
    return parse_qsl(body, keep_blank_values=True)
