"""The tables about the reviewer's evidence: who may review, how long the trail is kept, who is told."""

from typing import Annotated, Literal

import msgspec

from bff.oidc.metadata import Secret

Seconds = Annotated[float, msgspec.Meta(gt=0)]
Count = Annotated[int, msgspec.Meta(ge=1)]


class Review(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may use the console: users whose ``claim`` holds one of the values.

    ``reauth_seconds``: ending sessions takes a sign-in this recent. Without values nobody reviews.
    ``leak_test``: the file that the last run of the token canary wrote, for the posture page.
    """

    claim: str = "roles"
    reviewers: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()
    reauth_seconds: Seconds = 300.0
    environment: str = ""
    leak_test: str | None = None


class Audit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The audit trail: kept for ``keep_days``, ``max_events`` at most.

    ``address``: the client's network (IPv4 /24, IPv6 /48), its full address, or none.
    """

    keep_days: Annotated[float, msgspec.Meta(gt=0, le=3_650)] = 90.0
    max_events: Count = 1_000_000
    buffer: Annotated[int, msgspec.Meta(ge=100, le=1_000_000)] = 10_000
    address: Literal["network", "full", "none"] = "network"


class Alerts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where alerts go besides the console: a webhook that gets signed JSON.

    ``sessions_per_user``: more live sign-ins of one user within a day raise an alert.
    ``runbook``: where the team keeps its own; the rule's name is appended (``https://wiki/bff#``).
    Without it alerts lead to the console's runbook page.
    """

    webhook: str | None = None
    webhook_secret: Secret | None = None
    sessions_per_user: Count = 10
    runbook: str | None = None
