"""One request that was sent without a task of its own; what came back is kept until it is asked for."""

from collections.abc import Callable

from bff.adapters.http1_body import ResponseBody
from bff.adapters.http1_connection import ConnectionStale
from bff.errors import ResourceServerError, ResourceServerResponseInvalid
from bff.resource.messages import ApiResponse, Fields


class DirectExchange:
    """Told by its connection as a future would be; tells ``heard`` at once, not in the next round of the loop."""

    __slots__ = ("_error", "_heard", "_known", "body")

    body: ResponseBody

    def __init__(self, heard: Callable[[], None]) -> None:
        """``heard`` is called once, unless :meth:`give_up` comes first."""
        self._heard: Callable[[], None] | None = heard
        self._known: tuple[int, Fields] | None = None
        self._error: BaseException | None = None

    def complete(self) -> tuple[int, Fields, bytes] | None:
        """Status, fields and body, if all of it is here."""
        if self._known is None or self._error is not None:
            return None
        whole = self.body.whole()
        return None if whole is None else (*self._known, whole)

    def answer(self) -> ApiResponse | None:
        """What came back; None if the connection was dead before: then nothing of it arrived, and it may be sent again.

        Raises ResourceServerTimedOut, ResourceServerResponseInvalid.
        """
        error = self._error
        if error is None and self._known is not None:
            return ApiResponse(*self._known, self.body, self.body.whole())
        if isinstance(error, ConnectionStale):
            return None
        if isinstance(error, ResourceServerError):
            raise error
        raise ResourceServerResponseInvalid("truncated")

    def give_up(self) -> None:
        """Nobody waits any more; the API notices. Harmless once the response is complete."""
        self._heard = None
        self.body.close()

    # ------------------------------------------------------------------ called by the connection

    def done(self) -> bool:
        """Whether it was told."""
        return self._known is not None or self._error is not None

    def set_result(self, result: tuple[int, Fields], /) -> None:
        """The head is known."""
        self._known = result
        self._tell()

    def set_exception(self, exception: BaseException, /) -> None:
        """There is no response."""
        self._error = exception
        self._tell()

    def exception(self) -> BaseException | None:
        """As a future's."""
        return self._error

    def _tell(self) -> None:
        heard, self._heard = self._heard, None
        if heard is not None:
            heard()
