"""The dice."""

import secrets  # noqa: TID251  the one place that rolls them


class SystemEntropy:
    """The dice."""

    def urlsafe(self, octets: int) -> str:
        """Unpredictable bytes as base64url without padding."""
        return secrets.token_urlsafe(octets)

    def fraction(self) -> float:
        """A number in [0, 1)."""
        return secrets.randbelow(2**32) / 2**32
