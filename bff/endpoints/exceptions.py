"""What Litestar does with an exception: the same table of problems as everywhere."""

from typing import Any

from litestar import Request as LitestarRequest
from litestar import Response
from litestar.exceptions import MethodNotAllowedException, NotFoundException

from bff.audit.operations import UnexpectedError
from bff.endpoints.dependencies import seen
from bff.endpoints.problem_page import to_answer
from bff.endpoints.refusals import refusal
from bff.errors import BffError, MethodNotAllowed, RouteNotFound
from bff.flows.ports import AuditTrail


def exception_handlers(log: Any, trail: AuditTrail, *, https: bool) -> dict[Any, Any]:  # noqa: ANN401  structlog's
    """Handlers for whatever a handler raises; ``log`` and ``trail`` hear of it (ASVS 5.0, 16.5.4)."""

    def answer(request: LitestarRequest[Any, Any, Any], error: Exception) -> Response[bytes]:
        if isinstance(error, NotFoundException):
            error = RouteNotFound()
        elif isinstance(error, MethodNotAllowedException):
            error = MethodNotAllowed(())
        facts = seen(request)
        if refused := refusal(error, facts, request.method):
            trail.record(refused)
        status, fields, body = to_answer(error, facts, https=https)
        headers = {
            name.decode(): value.decode() for name, value in fields if name != b"content-length"
        }
        return Response(
            body, status_code=status, headers=headers, media_type=headers["content-type"]
        )

    def last_resort(request: LitestarRequest[Any, Any, Any], error: Exception) -> Response[bytes]:
        log.error("unexpected_error", request_id=seen(request).id, exc_info=error)
        at = seen(request).arrived_at
        trail.record(UnexpectedError(at=at, kind=type(error).__name__))
        return answer(request, error)

    return {
        BffError: answer,
        NotFoundException: answer,
        MethodNotAllowedException: answer,
        Exception: last_resort,
    }
