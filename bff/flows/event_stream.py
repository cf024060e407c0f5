"""A stream of events that ends with its session, and with this process.

A source of events has no last one, so a clean end is honest: the page's EventSource asks again, and
is told then what has become of the session.
"""

from collections.abc import AsyncIterator

from bff.errors import ResourceServerError
from bff.flows.ports import Background, Detached
from bff.flows.session_watch import SessionWatch
from bff.resource.messages import Body, Fields
from bff.session.model import SessionKey


class EventStream:
    """Passes ``body`` on for as long as the session ``key`` may act."""

    __slots__ = ("_background", "_body", "_key", "_over", "_watch", "_watching")

    def __init__(
        self, body: Body, key: SessionKey, watch: SessionWatch, background: Background
    ) -> None:
        """Nothing is watched before the first piece is asked for."""
        self._body = body
        self._key = key
        self._watch = watch
        self._background = background
        self._over = False
        self._watching: Detached[None] | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces, until the API, the session or this process ends."""
        self._watching = self._background.start("event_stream", self._end_with_session())
        try:
            with self._watch.closing.holding():
                async for piece in self._body:
                    yield piece
        except ResourceServerError:
            if not self._over:
                raise
        finally:
            self._watching.cancel()

    async def aclose(self) -> None:
        """Give up on the rest."""
        if self._watching is not None:
            self._watching.cancel()
        await self._body.aclose()

    async def _end_with_session(self) -> None:
        await self._watch.ended(self._key)
        self._over = True
        await self._body.aclose()


def is_event_stream(fields: Fields) -> bool:
    """Whether these are the fields of server-sent events (HTML Standard, section 9.2)."""
    return any(
        name == b"content-type" and value[:17].lower() == b"text/event-stream"
        for name, value in fields
    )
