"""The window in which a user signs in beside the page: GET /bff/popup-done, where it ends."""

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from bff.endpoints.answers import page, script

POPUP_DONE_PAGE = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Back to your page</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><script src="/bff/popup-done.js" defer></script></head>
<body><main><h1>Back to your page</h1>
<p>You can close this window: the page that opened it goes on from here.</p></main></body></html>
"""
# The opener believes none of this: it asks GET /bff/session, and learns who signed in, or why not.
# Without a channel the opener learns it from its own poll; the window closes all the same.
POPUP_DONE_SCRIPT = b"""try {
  const channel = new BroadcastChannel(`bff:${location.origin}/bff`)
  channel.postMessage({ v: 1, t: 'in', ref: '' })
  channel.close()
} finally {
  window.close()
}
"""


def popup_handlers(*, https: bool) -> list[HTTPRouteHandler]:
    """The page, and its script by itself: the page's policy allows no inline one."""

    @get("/bff/popup-done")
    async def popup_done() -> ASGIResponse:
        """The page a sign-in window ends on: tells the others, closes itself."""
        return page(POPUP_DONE_PAGE, https=https, opener=False)

    @get("/bff/popup-done.js")
    async def popup_done_script() -> ASGIResponse:
        """Its script, by itself: the page's policy allows no inline one."""
        return script(POPUP_DONE_SCRIPT, https=https)

    return [popup_done, popup_done_script]
