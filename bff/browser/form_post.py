"""A page that does nothing but send a form on to another site: for what is too long for a URL.

The form may hold a token, so the page is sandboxed: its origin is opaque, and no script of ours, or
of anybody who has got into our pages, can look into it. It may send its form, run the one script
that does so, and nothing else (CSP Level 3, sections 6.4 and 7.3).
"""

import base64
import hashlib
from collections.abc import Sequence
from html import escape

from bff.browser.headers import redirect_headers

Fields = list[tuple[bytes, bytes]]

_SCRIPT = "document.forms[0].submit()"
_HASH = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()


def form_post_page(
    action: str, fields: Sequence[tuple[str, str]], *, https: bool
) -> tuple[Fields, bytes]:
    """Header fields and body of a page that POSTs ``fields`` to ``action``."""
    inputs = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields
    )
    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Signing out</title></head>'
        f'<body><form method="post" action="{escape(action)}">{inputs}'
        "<noscript><p>Signing out at the sign-in service.</p><button>Continue</button></noscript></form>"
        f"<script>{_SCRIPT}</script></body></html>"
    )
    # A browser holds the answer's redirects against form-action, too: the way back to us, and on
    # the way the other sites of a provider that nobody here knows.
    sources = "https:" if https else "http: https:"
    policy = (
        f"sandbox allow-forms allow-scripts; default-src 'none'; script-src 'sha256-{_HASH}'; "
        f"form-action {sources}; base-uri 'none'; frame-ancestors 'none'"
    )
    kept = [pair for pair in redirect_headers(https=https) if pair[0] != b"content-security-policy"]
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", policy.encode("latin-1")),
        *kept,
    ]
    return headers, body.encode()
