"""A user's own sessions: where am I signed in, and sign me out there (ASVS 5.0, 7.4.3 and 7.5.2)."""

from dataclasses import dataclass

import msgspec

from bff.flows.access import AccessFlow, Presented
from bff.flows.ending import EndingFlow
from bff.flows.ports import SessionStore
from bff.flows.register_ports import SessionRegister
from bff.session.limits import SessionLimits, hard_end
from bff.session.model import EndReason, Ref, Session
from bff.session.overview import SessionOverview

LISTED = 100
"""So many are shown at most, newest first."""


class OwnSession(msgspec.Struct, frozen=True, kw_only=True):
    """One session as its user may see it. Times are Unix seconds; no id, no token."""

    ref: Ref
    current: bool
    created_at: float
    last_seen_at: float
    expires_at: float
    device: str | None
    network: str | None


@dataclass(frozen=True, slots=True)
class OwnSessionsFlow:
    """What a user may know and do about all of their sessions.

    Every method raises SessionNotUsable leaves, SessionChanged, StoreUnavailable.
    """

    access: AccessFlow
    ending: EndingFlow
    sessions: SessionStore
    register: SessionRegister
    limits: SessionLimits

    async def all(self, presented: Presented) -> list[OwnSession]:
        """All of the user's, newest first; slides nothing."""
        mine = await self.access.known(presented)
        keys = await self.sessions.keys_of_subject(mine.core.issuer, mine.core.subject)
        found = await self.register.overviews(keys)
        found.sort(key=lambda overview: overview.core.created_at, reverse=True)
        return [self._own(overview, mine) for overview in found[:LISTED]]

    async def end(self, presented: Presented, ref: Ref) -> int:
        """End the one with this reference, if it is the user's own; how many ended."""
        mine = await self.access.known(presented)
        keys = await self.sessions.keys_of_subject(mine.core.issuer, mine.core.subject)
        key = await self.sessions.key_of_ref(ref)
        if key is None or key not in keys:
            return 0
        return len(await self.ending.each([key], EndReason.SIGNED_OUT))

    async def end_others(self, presented: Presented) -> int:
        """End all of the user's but this one; how many ended."""
        mine = await self.access.known(presented)
        core = mine.core
        ended = await self.ending.of_subject(
            core.issuer, core.subject, EndReason.SIGNED_OUT, spare=mine.key
        )
        return len(ended)

    def _own(self, overview: SessionOverview, mine: Session) -> OwnSession:
        core = overview.core
        absolute = hard_end(core.absolute_expires_at, overview.facts.refresh_expires_at)
        return OwnSession(
            ref=core.ref,
            current=overview.key == mine.key,
            created_at=core.created_at,
            last_seen_at=overview.touched_at,
            expires_at=min(absolute, overview.touched_at + self.limits.idle),
            device=core.device,
            network=core.network,
        )
