"""What a session is used with, and from where: noticed when it differs from the sign-in.

Hints in words of our own (``Firefox on Linux``, ``192.0.2.0/24``): browsers that are updated and
addresses that move within a network change nothing.
"""

import msgspec

from bff.session.model import Session

MOST_CLIENTS = 16
"""So many clients of one session are remembered; beyond that the oldest may be noticed again."""


class Client(msgspec.Struct, frozen=True):
    """A device and a network, as far as a request tells."""

    device: str | None
    network: str | None


def what_changed(session: Session, client: Client) -> str | None:
    """``browser``, ``network`` or ``browser and network``; None: all as at the sign-in.

    What the sign-in did not tell cannot have changed.
    """
    core = session.core
    browser = core.device is not None and client.device != core.device
    network = core.network is not None and client.network != core.network
    if not (browser or network):
        return None
    return " and ".join(["browser"] * browser + ["network"] * network)


def client_text(client: Client) -> str:
    """By which it is remembered."""
    return f"{client.device or ''}|{client.network or ''}"
