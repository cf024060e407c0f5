"""Everything a browser got to see in one test, searched for what it must never see.

The mock provider mints tokens that carry a mark. Whatever reaches the browser is kept: addresses,
response heads and bodies, console lines, frames of WebSockets, downloads; and at the end what
JavaScript can read: the document, its cookies, both storages, the window's name. A mark, or
anything shaped like a JWT, in any of them fails the test (but for the logout hint); so does an authorization code anywhere
but in the two redirects that carry it (RFC 6749, section 4.1.2).
"""

import re
from collections.abc import Callable, Iterator
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
OUR_COOKIES = "__Host-Http-bff"
A_SECRETS_LENGTH = 16
WHERE_CODES_TRAVEL = ("the address of a GET", "the header location of")
WHAT_JAVASCRIPT_SEES = """() => {
    const storage = (name) => { try { return JSON.stringify(window[name]) } catch { return "" } };
    return {
        "document.cookie": (() => { try { return document.cookie } catch { return "" } })(),
        "localStorage": storage("localStorage"),
        "sessionStorage": storage("sessionStorage"),
        "the document": document.documentElement?.outerHTML ?? "",
        "window.name": window.name,
        "location.href": location.href,
        "history.state": JSON.stringify(history.state) ?? "",
    };
}"""


@dataclass(frozen=True)
class Sight:
    """One thing that the browser saw, and where."""

    where: str
    what: str


def without_hint(sight: Sight) -> Sight:
    """The one JWT that passes through a browser, by the standard's own design: the ID Token as a hint.

    It is in the navigation to the provider's end_session endpoint and nowhere a page of ours can
    read it (RP-Initiated Logout 1.0, section 2); one too long for a URL is in a form, in a document
    of an opaque origin.
    """
    if sight.where.startswith(WHERE_CODES_TRAVEL) and "/end_session?" in sight.what:
        return Sight(sight.where, re.sub(r"id_token_hint=[^&]*", "", sight.what))
    if re.match(r"the body sent to \S+/end_session$", sight.where):
        return Sight(sight.where, re.sub(r"id_token_hint=[^&]*", "", sight.what))
    if re.match(r"the body of \S+/bff/logout/next\?", sight.where):
        return Sight(
            sight.where, re.sub(r'(name="id_token_hint" value=)"[^"]*"', r"\1", sight.what)
        )
    return sight


@dataclass
class Canary:
    """Watches browser contexts; ``marks`` find tokens in a text, ``codes`` authorization codes."""

    marks: Callable[[str], bool]
    codes: Callable[[str], bool]
    sights: list[Sight] = field(default_factory=list)
    cookies: dict[str, str] = field(default_factory=dict)
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
        for seen in self.sights:
            sight = without_hint(seen)
            if JWT_SHAPE.search(sight.what):
                yield f"{sight.where}: a JWT"
            elif self.marks(sight.what):
                yield f"{sight.where}: a token of the provider's"
            elif self.codes(sight.what) and not sight.where.startswith(WHERE_CODES_TRAVEL):
                yield f"{sight.where}: an authorization code"

            for name in self._cookies_in(sight.what):
                yield f"{sight.where}: the value of {name}"

    def _cookies_in(self, text: str) -> list[str]:
        """Which of our cookies have their value, or a long piece of it, in ``text``."""
        return sorted({name for piece, name in self.cookies.items() if piece in text})

    def _on_request(self, request: Request) -> None:
        self.see(f"the address of a {request.method}", request.url)
        self.see(f"the body sent to {request.url}", request.post_data_buffer)

    def _on_response(self, response: Response) -> None:
        for header in response.headers_array():
            place = f"the header {header['name'].lower()} of {response.url}"
            if header["name"].lower() == "set-cookie":
                self._on_cookie(place, header["value"])
            else:
                self.see(place, header["value"])

    def _on_cookie(self, place: str, header: str) -> None:
        """A cookie's value may be here and nowhere else; a token may not even be here."""
        name, _, value = header.partition(";")[0].partition("=")
        if name.startswith(OUR_COOKIES) and not name.endswith("-note"):  # a note is for the page
            pieces = (value, *value.split("."))
            self.cookies |= {piece: name for piece in pieces if len(piece) >= A_SECRETS_LENGTH}
        if JWT_SHAPE.search(header) or self.marks(header):
            self.see(place, header)

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
