"""Bad days, as data: POST /__faults.

    {"fault": "status", "endpoint": "token", "grant": "refresh_token", "status": 503, "count": 2}

A fault applies to ``endpoint`` (default token; for token only to ``grant``, if given), ``count``
times or until DELETE /__faults. Several at once apply together. The kinds:

    before anything is done
      slow               hold the request for ``seconds``, then go on
      drop_before        close the connection without an answer
    instead of the answer; with ``after_grant`` the grant was made, the refresh token rotated
      status             ``status`` (default 503), with Retry-After ``retry_after`` if given
      error              an OAuth error: ``error`` (default invalid_grant), ``description``,
                         ``status`` (default 400); /authorize sends the browser back with it
      garbage            200 and something that is no JSON
      huge               200 and a JSON object of ``size`` bytes (default 4 MiB)
    after the grant was made
      stall_after_grant  hold the answer for ``seconds``, or until the faults are cleared
      drop_after_grant   close the connection without an answer
    within the answer
      omit               without these ``fields``; a refresh without "refresh_token" does not rotate
      fields             with these ``values``: at every endpoint that answers with members
      override           ``claims`` of the ID Token, or of ``token`` "access_token"; null removes
      expires_in         access tokens live ``seconds``
      scope              narrowed to ``scope``
      rotate_key         a new signing key first; ``drop_old`` unpublishes the old ones
      clock              its Date, and the times in its tokens, are ``seconds`` ahead (or behind)
      alg_none, hs256_with_public_key, wrong_key, embedded_jwk     the ID Token is a forgery
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import msgspec
from litestar import Response

from upstream_mocks.connections import ConnectionDropped
from upstream_mocks.holding import Holding, Pause
from upstream_mocks.provider.answers import OAuthError, json_answer
from upstream_mocks.provider.keys import Forgery

Kind = Literal[
    "slow", "drop_before", "status", "error", "garbage", "huge",
    "stall_after_grant", "drop_after_grant",
    "omit", "fields", "override", "expires_in", "scope", "rotate_key", "clock",
    "alg_none", "hs256_with_public_key", "wrong_key", "embedded_jwk",
]  # fmt: skip
Endpoint = Literal[
    "token", "discovery", "jwks", "userinfo", "revocation", "authorization", "end_session"
]
DEFAULT_SECONDS = 30.0
HUGE_BYTES = 4 * 1024 * 1024


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of a bad day; the module's docstring says what the fields mean."""

    fault: Kind
    endpoint: Endpoint = "token"
    grant: str | None = None
    count: int | None = None
    after_grant: bool = False
    seconds: float = DEFAULT_SECONDS
    status: int | None = None
    retry_after: int | None = None
    error: str = "invalid_grant"
    description: str = ""
    size: int = HUGE_BYTES
    fields: list[str] = []
    values: dict[str, Any] = {}
    claims: dict[str, Any] = {}
    token: Literal["id_token", "access_token"] = "id_token"
    scope: str = ""
    drop_old: bool = False


class Faults:
    """The faults in force."""

    def __init__(self, pause: Pause) -> None:
        self.holding = Holding(pause)
        self.in_force: list[Fault] = []

    def add(self, faults: Iterable[Fault]) -> None:
        """From the next request on."""
        self.in_force.extend(faults)

    def clear(self) -> None:
        """The weather is fine; whatever is held is let go."""
        self.in_force.clear()
        self.holding.let_go()

    def take(self, endpoint: Endpoint, grant: str | None = None) -> "BadDay":
        """What this request has to suffer; each fault's count falls by one."""
        suffered = [
            fault
            for fault in self.in_force
            if fault.endpoint == endpoint and fault.grant in {None, grant}
        ]
        for fault in suffered:
            if fault.count is not None:
                fault.count -= 1
        self.in_force = [fault for fault in self.in_force if fault.count != 0]
        return BadDay(tuple(suffered), self.holding)


@dataclass(frozen=True)
class BadDay:
    """What one request suffers; empty on a good day."""

    faults: tuple[Fault, ...]
    _holding: Holding

    def all(self, kind: Kind) -> list[Fault]:
        """The faults of one kind."""
        return [fault for fault in self.faults if fault.fault == kind]

    def any(self, kind: Kind) -> Fault | None:
        """The first of them."""
        return next(iter(self.all(kind)), None)

    async def before(self) -> Response[Any] | None:
        """What comes instead of doing anything; raises OAuthError or ConnectionDropped."""
        for fault in self.all("slow"):
            await self._holding.hold(fault.seconds)
        if self.any("drop_before"):
            raise ConnectionDropped
        return self._instead(after_grant=False)

    async def after(self) -> Response[Any] | None:
        """What comes instead of the answer, now that the grant is made; raises as ``before``."""
        for fault in self.all("stall_after_grant"):
            await self._holding.hold(fault.seconds)
        if self.any("drop_after_grant"):
            raise ConnectionDropped
        return self._instead(after_grant=True)

    def _instead(self, *, after_grant: bool) -> Response[Any] | None:
        for fault in self.faults:
            if fault.after_grant != after_grant:
                continue
            wait = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            match fault.fault:
                case "status":
                    return Response(b"out of order", status_code=fault.status or 503, headers=wait)
                case "error":
                    raise OAuthError(
                        fault.error, fault.description, status=fault.status or 400, headers=wait
                    )
                case "garbage":
                    return Response(b"<html>It works!</html>", media_type="text/html")
                case "huge":
                    return json_answer({"filler": "x" * fault.size})
        return None

    def fields(self, answer: dict[str, Any]) -> dict[str, Any]:
        """The answer's members as they leave."""
        changed = dict(answer)
        for fault in self.all("fields"):
            changed |= fault.values
        omitted = {name for fault in self.all("omit") for name in fault.fields}
        return {name: value for name, value in changed.items() if name not in omitted}

    def omits(self, field: str) -> bool:
        """Whether a member of the answer is left out."""
        return any(field in fault.fields for fault in self.all("omit"))

    def claims(self, token: str, claims: dict[str, Any]) -> dict[str, Any]:
        """A token's claims as they are signed."""
        changed = dict(claims)
        for fault in self.all("override"):
            if fault.token == token:
                changed |= fault.claims
        return {name: value for name, value in changed.items() if value is not None}

    @property
    def clock_ahead(self) -> float:
        """Seconds by which the provider's clock is off."""
        return sum(fault.seconds for fault in self.all("clock"))

    @property
    def forgery(self) -> Forgery | None:
        """How the ID Token is forged."""
        kinds = get_args(Forgery)
        return next((cast("Forgery", f.fault) for f in self.faults if f.fault in kinds), None)
