"""Which refusals are events: what was refused at the door, and why."""

from bff.audit import events, operations
from bff.endpoints.dependencies import Request
from bff.errors import CsrfRejected, SessionChanged, SessionRequired, SessionRevoked

_NEVER_RENEWED = frozenset({"signed_out", "admin", "idp_logout"})


def refusal(error: Exception, request: Request, method: str) -> events.AuditEvent | None:
    """The event for an error that a request is answered with, if it is one."""
    at = request.arrived_at
    if isinstance(error, CsrfRejected):
        return events.CsrfRefused(at=at, signal=error.signal, method=method)
    if isinstance(error, SessionChanged):
        return operations.PinMismatch(at=at)
    if isinstance(error, SessionRequired | SessionRevoked) and error.reason in _NEVER_RENEWED:
        return operations.UsedAfterEnd(at=at, reason=error.reason)
    return None
