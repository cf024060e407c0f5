"""Everything a browser got to see in one test, searched for what it must never see.

The mock provider mints tokens that carry a mark. Whatever reaches the browser is kept: addresses,
response heads and bodies, console lines, frames of WebSockets, downloads; and at the end what
JavaScript can read: the document, its cookies, both storages, the window's name. A mark, or
anything shaped like a JWT, in any of them fails the test.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Download,
    Error,
    Frame,
    Page,
    Request,
    Response,
    WebSocket,
)

JWT_SHAPE = re.compile(r"eyJ[A-Za-z0-9_-]{6,}\.eyJ[A-Za-z0-9_-]{6,}")
WHAT_JAVASCRIPT_SEES = """() => {
    const storage = (name) => { try { return JSON.stringify(window[name]) } catch { return "" } };
    return {
        "document.cookie": (() => { try { return document.cookie } catch { return "" } })(),
        "localStorage": storage("localStorage"),
        "sessionStorage": storage("sessionStorage"),
        "the document": document.documentElement?.outerHTML ?? "",
        "window.name": window.name,
        "location": location.href,
        "history.state": JSON.stringify(history.state) ?? "",
    };
}"""


@dataclass(frozen=True)
class Sight:
    """One thing that the browser saw, and where."""

    where: str
    what: str


@dataclass
class Canary:
    """Watches browser contexts; ``marks`` find what must not be seen."""

    marks: Iterable[Callable[[str], bool]]
    sights: list[Sight] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        """Keep what this context sees from now on, and look once more before it closes."""
        context.on("request", self._on_request)
        context.on("response", self._on_response)
        context.on("requestfinished", self._on_finished)
        context.on("console", self._on_console)
        context.on("page", self._on_page)
        close = context.close

        def look_and_close(*, reason: str | None = None) -> None:
            self.look(context)
            close(reason=reason)

        context.close = look_and_close  # type: ignore[method-assign]

    def look(self, context: BrowserContext) -> None:
        """Keep what JavaScript can read in every open page and frame."""
        for frame in (frame for page in context.pages for frame in page.frames):
            with suppress(
                Error
            ):  # gone, or mid-navigation: what it showed came in a response that was kept
                for name, text in frame.evaluate(WHAT_JAVASCRIPT_SEES).items():
                    self.see(f"{name} of {frame.url}", text)

    def see(self, where: str, what: str | bytes | None) -> None:
        """Keep one thing."""
        if what:
            text = what.decode("utf-8", errors="replace") if isinstance(what, bytes) else what
            self.sights.append(Sight(where, text))

    def findings(self) -> Iterator[str]:
        """Where something was seen that must not be."""
        for sight in self.sights:
            if JWT_SHAPE.search(sight.what):
                yield f"{sight.where}: a JWT"
            elif any(mark(sight.what) for mark in self.marks):
                yield f"{sight.where}: a mark of the provider's"

    def places_of(self, secret: str) -> list[str]:
        """Where a value was seen; for cookies that only the browser itself may know."""
        return [sight.where for sight in self.sights if secret in sight.what]

    def _on_request(self, request: Request) -> None:
        self.see(f"the address of a {request.method}", request.url)
        self.see(f"the body sent to {request.url}", request.post_data_buffer)

    def _on_response(self, response: Response) -> None:
        for header in response.headers_array():
            # A cookie is set here and only here (RFC 6265bis); its value is looked for everywhere
            # else.
            kept = "" if header["name"].lower() == "set-cookie" else header["value"]
            self.see(f"{header['name']} of {response.url}", kept)
            self._see_cookie(header["name"], header["value"], response.url)

    def _see_cookie(self, name: str, value: str, url: str) -> None:
        """A cookie may hold its own value, but no token."""
        if name.lower() == "set-cookie" and (
            JWT_SHAPE.search(value) or any(mark(value) for mark in self.marks)
        ):
            self.see(f"Set-Cookie of {url}", value)

    def _on_finished(self, request: Request) -> None:
        response = request.response()
        if response is None or 300 <= response.status < 400:  # a redirect has no body to read
            return
        try:
            self.see(f"the body of {request.url}", response.body())
        except Error as error:
            self.unread.append(f"{request.method} {request.url}: {error.message.splitlines()[0]}")

    def _on_console(self, message: ConsoleMessage) -> None:
        self.see("the console", message.text)

    def _on_page(self, page: Page) -> None:
        page.on("framenavigated", self._on_navigated)
        page.on("websocket", self._on_websocket)
        page.on("download", self._on_download)
        page.on("pageerror", lambda error: self.see("an uncaught error", str(error)))

    def _on_navigated(self, frame: Frame) -> None:
        self.see("an address shown", frame.url)

    def _on_websocket(self, socket: WebSocket) -> None:
        self.see("the address of a WebSocket", socket.url)
        socket.on("framereceived", lambda payload: self.see(f"a frame from {socket.url}", payload))

    def _on_download(self, download: Download) -> None:
        self.see("a download", download.path().read_bytes())
