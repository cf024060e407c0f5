"""Storing what a refresh brought: under the fence, and for as long as it takes."""

from dataclasses import dataclass

from bff.errors import StoreUnavailable
from bff.flows.ports import Background, Clock, SessionStore
from bff.session.model import Replaced, Session, SessionCore, SessionKey, TokenSet
from bff.session.refresh import RefreshPolicy


@dataclass(frozen=True, slots=True)
class FencedWrite:
    """The write of a renewal, whose refresh token may exist nowhere else."""

    sessions: SessionStore
    background: Background
    clock: Clock
    policy: RefreshPolicy

    async def save(
        self, session: Session, tokens: TokenSet, core: SessionCore, owner: str
    ) -> Replaced | None:
        """The fenced write, repeated while Redis is away with the tokens in memory.

        Once WRITTEN the lock of ``owner`` is released. None when ``unsaved_bound`` has passed.

        A write whose answer was lost may have happened: a conflict is then read once more and
        recognised by its content.
        """
        give_up = self.clock.now() + self.policy.unsaved_bound
        pause = 0.05
        while True:
            try:
                saved = await self.sessions.replace_tokens(
                    session.key, session.generation, tokens, core, owner
                )
                if saved is Replaced.CONFLICT and await self._is_ours(session.key, tokens):
                    return Replaced.WRITTEN
                return saved
            except StoreUnavailable:
                if self.clock.now() >= give_up:
                    return None
                await self.background.pause(pause)
                pause = min(pause * 2, 1.0)

    async def _is_ours(self, key: SessionKey, tokens: TokenSet) -> bool:
        stored = await self.sessions.load(key)
        return isinstance(stored, Session) and _same(stored.tokens, tokens)


def _same(one: TokenSet, other: TokenSet) -> bool:
    """Whether every token is the same one."""
    return (one.access_token, one.refresh_token, one.audiences) == (
        other.access_token,
        other.refresh_token,
        other.audiences,
    )
