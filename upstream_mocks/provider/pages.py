"""The few pages a person sees here: sign in, signed out, and what is wrong with a request.

No script, no image, no font; the one style sheet is allowed by its hash (CSP Level 3, section 8.3).
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from html import escape

from litestar import MediaType, Response

from upstream_mocks.provider.grants import Subject

STYLE = """
:root{color-scheme:light dark;--ground:#f4f5f7;--card:#fff;--ink:#1a1d24;--soft:#646b7a;--line:#dfe3ea;--accent:#3257d6;--tint:#eef2ff}
@media (prefers-color-scheme:dark){:root{--ground:#12141a;--card:#1b1e27;--ink:#eceef3;--soft:#9aa2b3;--line:#2d3240;--accent:#8ea8ff;--tint:#232a44}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
main{width:100%;max-width:25rem;padding:2rem;background:var(--card);border:1px solid var(--line);border-radius:1rem;box-shadow:0 1px 2px #0001,0 12px 32px #0001}
h1{margin:0 0 .25rem;font-size:1.375rem;line-height:1.25;letter-spacing:-.01em}
p{margin:0 0 1.25rem;color:var(--soft)}
form{margin:0}
ul{list-style:none;margin:0 0 1rem;padding:0;display:grid;gap:.5rem}
button{font:inherit;color:inherit;cursor:pointer;border-radius:.75rem}
.user{display:flex;gap:.875rem;align-items:center;width:100%;padding:.75rem .875rem;text-align:left;background:none;border:1px solid var(--line)}
.user:hover{background:var(--tint);border-color:var(--accent)}
.user b{display:grid;place-items:center;flex:none;width:2.5rem;height:2.5rem;border-radius:50%;background:var(--tint);color:var(--accent);font-size:.875rem}
.user span{display:grid;line-height:1.3}
.user small,footer{color:var(--soft);font-size:.875rem}
.deny{width:100%;padding:.5rem;background:none;border:0;color:var(--soft)}
.deny:hover{color:var(--ink);text-decoration:underline}
button:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
footer{margin-top:1.25rem;padding-top:1rem;border-top:1px solid var(--line)}
code{font-size:.875em;overflow-wrap:anywhere}
""".strip()
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode("ascii")


def _page(
    title: str, body: str, *, status: int = 200, form_targets: Iterable[str] = ()
) -> Response[str]:
    """A whole page. ``form_targets``: where a form may lead, redirects included (CSP form-action)."""
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
    """Choose a user; ``request`` comes back with the choice. ``login_hint`` names who stands first."""
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
