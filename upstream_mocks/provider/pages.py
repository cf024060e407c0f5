"""The few pages a person sees here: sign in, signed out, and what is wrong with a request.

No script, no image, no font; the one style sheet is allowed by its hash (CSP Level 3, section 8.3).
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

from litestar import MediaType, Response

from upstream_mocks.provider.grants import Subject

STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode("ascii")


def _page(
    title: str, body: str, *, status: int = 200, form_targets: Iterable[str] = ()
) -> Response[str]:
    """``form_targets``: where a form may lead, its redirects included (CSP form-action)."""
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src 'sha256-{STYLE_HASH}'",
            f"form-action {' '.join(form_targets) or chr(39) + 'none' + chr(39)}",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )
    return Response(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>",
        status_code=status,
        media_type=MediaType.HTML,
        headers={
            "Cache-Control": "no-store",
            "Content-Security-Policy": policy,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        },
    )


def sign_in(
    *,
    client_name: str,
    users: Iterable[Subject],
    request: Mapping[str, str],
    resources: Iterable[str],
    redirect_origin: str,
) -> Response[str]:
    """Choose a user; ``request`` comes back with the choice. ``login_hint`` stands first."""
    hint = request.get("login_hint")
    ordered = sorted(users, key=lambda user: hint not in {user.sub, user.email})
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in (*request.items(), *(("resource", each) for each in resources))
    )
    body = (
        f"<h1>Sign in to {escape(client_name)}</h1><p>Choose who you are today.</p>"
        f'<form method="post" action="/authorize/decision">{hidden}'
        f"<ul>{''.join(_choice(user) for user in ordered)}</ul>"
        f'<button class="deny" name="deny" value="1">Deny</button></form>'
        f"<footer>A mock OpenID Provider. There are no passwords here.</footer>"
    )
    return _page(f"Sign in to {client_name}", body, form_targets=("'self'", redirect_origin))


def _choice(user: Subject) -> str:
    initials = "".join(word[0] for word in user.name.split())[:2]
    return (
        f'<li><button class="user" name="user" value="{escape(user.sub)}">'
        f'<b aria-hidden="true">{escape(initials)}</b>'
        f"<span>{escape(user.name)}<small>{escape(user.about or user.email)}</small></span>"
        f"</button></li>"
    )


def signed_out() -> Response[str]:
    """There is nowhere to go back to."""
    return _page("Signed out", "<h1>You are signed out</h1><p>You can close this page.</p>")


def refused(error: str, description: str) -> Response[str]:
    """A request that must not be answered with a redirect (RFC 6749, section 4.1.2.1)."""
    return _page(
        "This request cannot be answered",
        f"<h1>This request cannot be answered</h1><p>{escape(description)}</p>"
        f"<footer><code>{escape(error)}</code></footer>",
        status=400,
    )
