"""What a reviewer asks for, and what is answered."""

from typing import Literal

from bff.audit.rows import Body, Mute


class EndRequest(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to end: exactly one of ``refs``, ``subject``, ``filter`` (the list's query) or ``everybody``.

    ``expected``: the count the reviewer typed, required for more than one.
    """

    reason: str
    refs: tuple[str, ...] = ()
    subject: str | None = None
    filter: str | None = None
    everybody: bool = False
    expected: int | None = None


class Receipt(Body, frozen=True, kw_only=True):
    """What happened to one session.

    ``deleted``: it is gone from Redis. ``revocation``: at the provider; ``unknown`` where an
    interrupted job was resumed and only the trail can tell. ``stays_valid_seconds``: how long its
    access token still works at APIs that verify it themselves.
    """

    ref: str
    subject: str | None
    deleted: bool
    revocation: Literal["revoked", "failed", "unsupported", "pending", "none", "unknown"]
    stays_valid_seconds: float
    own: bool


class EndAnswer(Body, frozen=True, kw_only=True):
    """Receipts, or the ``job`` behind which more than 200 sessions are being ended."""

    ended: int
    receipts: tuple[Receipt, ...]
    stays_valid_seconds: float
    note: str
    job: str | None = None


class EndJob(Body, frozen=True, kw_only=True):
    """Many sessions being ended, one by one.

    ``done`` of ``total`` have a receipt, ``ended`` of those are gone from Redis. ``interrupted``:
    nobody works on it any more, and it can be resumed. ``stays_valid_seconds`` is the longest so far.
    """

    id: str
    status: Literal["running", "interrupted", "done"]
    by: str
    reason: str
    total: int
    done: int
    ended: int
    began_at: float
    updated_at: float
    finished_at: float | None
    stays_valid_seconds: float
    note: str
    as_of: float


class EndJobs(Body, frozen=True, kw_only=True):
    """The last of them, newest first; kept for a week."""

    jobs: tuple[EndJob, ...]
    as_of: float


class AlertDecision(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a reviewer makes of an alert."""

    status: Literal["acknowledged", "closed", "new"]
    note: str = ""


class MuteRequest(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Silence for a rule; ``seconds`` 0 ends it."""

    rule: str
    seconds: float
    group: str = ""
    note: str = ""


class Mutes(Body, frozen=True, kw_only=True):
    """All that are in force."""

    mutes: tuple[Mute, ...]


class Hit(Body, frozen=True, kw_only=True):
    """One answer of the global search: where in the console to look (``to`` begins with /)."""

    kind: Literal["session", "user", "request", "address"]
    label: str
    to: str


class Hits(Body, frozen=True, kw_only=True):
    """The global search's answer."""

    hits: tuple[Hit, ...]
