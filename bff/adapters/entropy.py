"""The dice."""

import base64
import secrets  # noqa: TID251  the one place that rolls them
from collections.abc import Callable


class SystemEntropy:
    """The dice."""

    def urlsafe(self, octets: int) -> str:
        """Unpredictable bytes as base64url without padding."""
        return secrets.token_urlsafe(octets)

    def fraction(self) -> float:
        """A number in [0, 1)."""
        return secrets.randbelow(2**32) / 2**32


class RequestIds:
    """Unpredictable names of requests: nine octets each, drawn five hundred at a time."""

    __slots__ = ("_left", "_random_octets")

    _OCTETS, _AT_ONCE = 9, 512

    def __init__(self, random_octets: Callable[[int], bytes]) -> None:
        """``random_octets`` are the dice."""
        self._random_octets = random_octets
        self._left: list[str] = []

    def new(self) -> str:
        """``req_`` and twelve characters of base64url."""
        if not self._left:
            drawn = self._random_octets(self._OCTETS * self._AT_ONCE)
            text = base64.urlsafe_b64encode(drawn).decode("ascii")
            self._left = [f"req_{text[at : at + 12]}" for at in range(0, len(text), 12)]
        return self._left.pop()
