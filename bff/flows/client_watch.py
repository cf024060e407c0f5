"""A session used by another browser or from another network than it began with (ASVS 5.0, 16.3.3).

Looked at whenever a session is read from the store for a request, or its use recorded: at least once a
minute while it is in use, and for no other call that a held copy answers. Each client of a session is told of once, whichever
process meets it.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from bff.audit.operations import ClientChanged
from bff.errors import StoreUnavailable
from bff.flows.ports import AuditTrail, Background, Clock
from bff.session.client import Client, client_text, what_changed
from bff.session.model import Session, SessionKey

Noticed = Callable[[Session], None]
"""Told of each session that was read for a request."""


class ClientMemory(Protocol):
    """Which clients a session has had besides the one it began with. Raises StoreUnavailable."""

    async def meet(self, key: SessionKey, client: str) -> bool:
        """Remember it; whether it is new to this session. False for a session that is gone."""
        ...


@dataclass(frozen=True, slots=True)
class ClientWatch:
    """Compares; ``current`` is the client whose request is answered now, None outside any."""

    memory: ClientMemory
    current: Callable[[], Client | None]
    background: Background
    clock: Clock
    trail: AuditTrail

    def notice(self, session: Session) -> None:
        """Look at the client that shows this session; nobody waits."""
        client = self.current()
        if client is None:
            return
        what = what_changed(session, client)
        if what is not None and client_text(client) not in session.clients:
            self.background.start("client changed", self._tell(session, client, what))

    async def _tell(self, session: Session, client: Client, what: str) -> None:
        """With the store away it is told at the next look."""
        with suppress(StoreUnavailable):
            if await self.memory.meet(session.key, client_text(client)):
                core = session.core
                self.trail.record(
                    ClientChanged(
                        at=self.clock.now(),
                        ref=core.ref,
                        issuer=core.issuer,
                        subject=core.subject,
                        what=what,
                    )
                )


def nothing_noticed(session: Session) -> None:
    """Nobody looks."""
    del session
