"""The port SessionRegister over the memory that flow tests share."""

from collections.abc import Sequence

from bff.session.model import Session, SessionKey
from bff.session.overview import PagePlace, SessionOverview, SessionPage, TokenFacts
from tests.flows.fakes import Memory


class MemorySessionRegister:
    """All live sessions of a :class:`Memory`."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    async def count(self, now: float) -> int:
        return len(self._live())

    async def page(self, after: PagePlace | None, limit: int, now: float) -> SessionPage:
        places = sorted(
            (
                PagePlace(int(session.core.created_at * 1000), session.key)
                for session in self._live()
            ),
            reverse=True,
        )
        chosen = [place for place in places if after is None or place < after][:limit]
        return SessionPage(
            sessions=tuple(await self.overviews([place.key for place in chosen])),
            next=chosen[-1] if len(chosen) == limit else None,
        )

    async def overviews(self, keys: Sequence[SessionKey]) -> list[SessionOverview]:
        live = {session.key: session for session in self._live()}
        return [an_overview(live[key]) for key in keys if key in live]

    async def end_everybody(self) -> int:
        self.memory.epoch += 1
        for key in self.memory.ears:
            self.memory.tell(key)
        return self.memory.epoch

    def _live(self) -> list[Session]:
        found = [self.memory.live(key) for key in list(self.memory.sessions)]
        return [
            session
            for session in found
            if session is not None and session.core.epoch >= self.memory.epoch
        ]


def an_overview(session: Session) -> SessionOverview:
    """A session as reviewers see it."""
    tokens = session.tokens
    facts = TokenFacts(
        generation=session.generation,
        issued_at=tokens.issued_at,
        expires_at=tokens.expires_at,
        refresh_expires_at=tokens.refresh_expires_at,
        scope=tokens.scope,
        access_fingerprint="00000000",
        refresh_fingerprint="00000000" if tokens.refresh_token else None,
        sealed_under="new",
    )
    return SessionOverview(
        key=session.key,
        core=session.core,
        facts=facts,
        generation=session.generation,
        touched_at=session.touched_at,
        journal=session.journal,
        client_changed=bool(session.clients),
    )
