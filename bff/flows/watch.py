"""Watching a session for a page that is open.

What happens to it is told as it happens, whichever process it happened in. News is a hint to read
again, and so is what a page is told: the page asks GET /bff/session and believes the answer.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

import msgspec

from bff.errors import StoreUnavailable
from bff.flows.access import AccessFlow, Presented
from bff.flows.ports import Background, Clock, SessionStore
from bff.flows.session_state import SessionState

STORE_PAUSE_SECONDS = 2.0


class Told(msgspec.Struct, frozen=True):
    """One thing a page is told of its session. A heartbeat says only that the line is alive."""

    what: Literal["hello", "refreshed", "changed", "heartbeat"]
    ref: str = ""
    reason: str | None = None


HEARTBEAT = Told("heartbeat")


@dataclass(frozen=True, slots=True)
class WatchFlow:
    """Follows one session until it ends."""

    sessions: SessionStore
    access: AccessFlow
    background: Background
    clock: Clock
    heartbeat_seconds: float = 15.0

    async def watch(self, presented: Presented) -> AsyncIterator[Told]:
        """``hello`` first, then what happens; a heartbeat whenever nothing has for a while.

        Slides nothing, renews nothing. The handle counts as presented once, when the watching
        began. Raises SessionNotUsable when the session is over, and, before ``hello`` only,
        StoreUnavailable.
        """
        with self.sessions.listen(presented.key) as ear:
            known = await self.access.state(presented)
            yield Told("hello", known.ref)
            ends_at = self._ends_at(known)
            while True:
                left = ends_at - self.clock.now()
                heard = await ear.news(max(min(self.heartbeat_seconds, left), 0.0))
                if not heard and self.clock.now() < ends_at:
                    yield HEARTBEAT
                    continue
                try:
                    state = await self.access.state(presented)
                except StoreUnavailable:
                    yield HEARTBEAT
                    await self.background.pause(STORE_PAUSE_SECONDS)
                    continue
                for told in _differences(known, state):
                    yield told
                known, ends_at = state, self._ends_at(state)

    def _ends_at(self, state: SessionState) -> float:
        """When the nearer limit passes, if nobody uses the session until then."""
        left = min(state.idle_expires_in, state.absolute_expires_in)
        return self.clock.now() + left


def _differences(known: SessionState, state: SessionState) -> list[Told]:
    told = []
    if state.generation != known.generation:
        told.append(Told("refreshed", state.ref))
    if state.claims != known.claims:
        told.append(Told("changed", state.ref, "claims"))
    return told
