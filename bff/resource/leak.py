"""The guard against an API that echoes the access token back."""


class LeakGuard:
    """Watches one response for one token."""

    def __init__(self, token: bytes) -> None: ...

    def check_headers(self, fields: list[tuple[bytes, bytes]]) -> None:
        """Raises TokenLeaked."""
        ...

    def feed(self, chunk: bytes) -> bytes:
        """What may be passed on. Raises TokenLeaked."""
        ...

    def finish(self) -> bytes:
        """What was held back, at the end of the body."""
        ...
