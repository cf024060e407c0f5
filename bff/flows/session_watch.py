"""Until when an open stream or socket may stay open: as long as its session lives, and we do.

RFC 10017 section 6.1; ASVS 5.0, 4.4.4 and 7.4.1.
"""

from dataclasses import dataclass

from bff.errors import SessionNotUsable, SessionRequired, StoreUnavailable
from bff.flows.closing import Closing
from bff.flows.ports import Clock, SessionStore
from bff.flows.session_state import not_usable
from bff.session.limits import SessionLimits, absolute_deadline, idle_deadline, passed_limit
from bff.session.model import EndedSession, SessionKey

RECHECK_SECONDS = 30.0
"""How often the session is read although nothing was heard of it: what vanished without a word."""


NOBODY = SessionKey("")
"""No session has this key: whoever listens for it hears only what everybody hears."""


@dataclass(frozen=True, slots=True)
class SessionWatch:
    """Watches sessions on behalf of what they hold open."""

    sessions: SessionStore
    clock: Clock
    limits: SessionLimits
    closing: Closing

    async def ended(self, key: SessionKey | None) -> SessionNotUsable | None:
        """Wait until the session may act no more, and return why; None if it is we who leave.

        A store that is away ends nothing: no session can be ended there meanwhile either. Without a
        ``key`` there is no session to end.
        """
        with self.sessions.listen(key or NOBODY) as ear:
            while not self.closing.begun:
                try:
                    found = RECHECK_SECONDS if key is None else await self._look(key)
                except StoreUnavailable:
                    found = RECHECK_SECONDS
                if isinstance(found, SessionNotUsable):
                    return found
                await ear.news(found)
        return None

    async def _look(self, key: SessionKey) -> SessionNotUsable | float:
        """Why the session has ended, or for how many seconds it need not be read again."""
        session = await self.sessions.load(key)
        if session is None:
            return SessionRequired()
        if isinstance(session, EndedSession):
            return not_usable(session.reason)
        now = self.clock.now()
        if reason := passed_limit(session, now, self.limits):
            return not_usable(reason)
        deadline = min(absolute_deadline(session), idle_deadline(session, self.limits))
        return min(deadline - now, RECHECK_SECONDS)
