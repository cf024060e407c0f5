"""What happened here, counted: GET /__stats."""

from collections import Counter
from typing import Any


class Stats:
    """Counters that tests read.

    ``requests`` by endpoint, ``issued`` by grant, ``token_errors`` by error code, refreshes by
    subject and by sid, ``events`` for the rest (see ``EVENTS``), ``last`` the parameters of the
    last request to the endpoints a browser is sent to, and of the last token request, names only.
    """

    EVENTS = (
        "refresh_reuse_detected",
        "code_reuse_detected",
        "families_revoked",
        "client_auth_failures",
        "revocations",
        "logout_tokens_sent",
        "logout_tokens_accepted",
        "faults_applied",
    )

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.issued: Counter[str] = Counter()
        self.token_requests: Counter[str] = Counter()
        self.token_errors: Counter[str] = Counter()
        self.client_authentications: Counter[str] = Counter()
        self.refreshes_by_sub: Counter[str] = Counter()
        self.refreshes_by_sid: Counter[str] = Counter()
        self.events: Counter[str] = Counter(dict.fromkeys(self.EVENTS, 0))
        self.last: dict[str, Any] = {}

    def as_dict(self) -> dict[str, Any]:
        """Everything, with the events at the top level."""
        return {
            "requests": self.requests,
            "token_requests": self.token_requests,
            "issued": self.issued,
            "token_errors": self.token_errors,
            "client_authentications": self.client_authentications,
            "refreshes_by_sub": self.refreshes_by_sub,
            "refreshes_by_sid": self.refreshes_by_sid,
            **self.events,
            "last": self.last,
        }
