"""Two sockets as one: messages both ways, each side waiting for the other, until something ends it."""

from bff.errors import BffError, ContentTooLarge, ResourceServerResponseInvalid, TokenLeaked
from bff.flows.ports import Background
from bff.flows.session_watch import SessionWatch
from bff.flows.socket_ports import ApiSocket, BrowserSocket
from bff.resource.leak import MessageGuard
from bff.resource.sockets import (
    GOING_AWAY,
    LOST,
    NORMAL,
    OUR_REASONS,
    TOO_BIG,
    Close,
    Message,
    SocketClosed,
    close_for_api,
    close_for_browser,
)
from bff.session.model import SessionKey


class SocketRelay:
    """Carries messages between ``browser`` and ``api``. Whatever ends it closes the API's side first.

    From that moment nothing of the API's is delivered any more.
    """

    __slots__ = ("_api", "_background", "_browser", "_ending", "_guard")

    def __init__(
        self,
        browser: BrowserSocket,
        api: ApiSocket,
        guard: MessageGuard | None,
        background: Background,
    ) -> None:
        """``guard`` watches what the API sends."""
        self._browser = browser
        self._api = api
        self._guard = guard
        self._background = background
        self._ending: Close | BffError | None = None

    async def run(self, watch: SessionWatch, key: SessionKey | None) -> Close | BffError:
        """Until either side closes, or the session ``key`` ends; how it ended."""
        sending = self._background.start("socket_sending", self._to_api())
        watching = self._background.start("socket_watch", self._with_session(watch, key))
        try:
            ending = await self._to_browser()
        finally:
            sending.cancel()
            watching.cancel()
            await self._api.close(Close(GOING_AWAY))
        await self._browser.close(ending)
        return ending

    async def _to_browser(self) -> Close | BffError:
        while True:
            try:
                message = await self._api.receive()
            except SocketClosed as closed:
                return self._ending or self._as_the_api_ended(closed.close)
            if self._ending is not None:
                return self._ending
            try:
                self._check(message)
                await self._browser.send(message)
            except TokenLeaked as error:
                return error
            except SocketClosed as closed:
                return closed.close

    def _check(self, message: Message) -> None:
        if self._guard is not None:
            self._guard.check(message if isinstance(message, bytes) else message.encode("utf-8"))

    def _as_the_api_ended(self, close: Close) -> Close | BffError:
        if close == LOST:
            return ResourceServerResponseInvalid("truncated")
        try:
            self._check(close.reason)
        except TokenLeaked as error:
            return error
        return close_for_browser(close)

    async def _to_api(self) -> None:
        while True:
            try:
                message = await self._browser.receive()
            except SocketClosed as closed:
                return await self._end(closed.close, close_for_api(closed.close))
            except ContentTooLarge as error:
                return await self._end(error, Close(TOO_BIG))
            try:
                await self._api.send(message)
            except SocketClosed:
                return None  # whoever receives from the API learns how

    async def _with_session(self, watch: SessionWatch, key: SessionKey | None) -> None:
        ended = await watch.ended(key)
        await self._end(
            ended or Close(GOING_AWAY, OUR_REASONS + "going_away"),
            Close(NORMAL if ended else GOING_AWAY),
        )

    async def _end(self, ending: Close | BffError, close: Close) -> None:
        if self._ending is None:
            self._ending = ending
        await self._api.close(close)
