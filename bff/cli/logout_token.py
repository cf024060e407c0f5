"""bff check --logout-token: would we believe this Logout Token, and if not, why exactly?"""

import asyncio
import json
from datetime import UTC, datetime

import click

from bff.composition.operations import operations
from bff.errors import ProviderError, StoreUnavailable
from bff.flows.backchannel import LogoutTokenTried
from bff.settings.model import Settings

WHY = {
    "size": "it is longer than any token we read",
    "jwt": "it is not a JWT: three base64url parts with dots between them, the first a JSON object",
    "alg": "its header names no signature algorithm that provider.id_token_algs allows (never none, never HMAC)",
    "crit": "its header has crit: something would have to be understood that we do not",
    "kid": "its header asks for a key that the provider does not publish at its jwks_uri",
    "signature": "the signature does not fit the provider's key",
    "claims": "its payload is not a JSON object",
    "typ": "its typ is not that of a Logout Token (logout+jwt; none or JWT unless provider.logout_token_strict_type)",
    "iss": "its iss is not exactly the provider's issuer",
    "aud": "its aud does not name this client (provider.client_id)",
    "azp": "its azp names another client, or is missing where there are several audiences",
    "exp": "it has expired, or has no exp",
    "iat": "it was issued too long ago (provider.logout_token_max_age_seconds), or in the future, or has no iat",
    "nbf": "it is not valid yet",
    "nonce": "it has a nonce: that would make it an ID Token (Back-Channel Logout 1.0, section 2.4)",
    "events": "its events has no member http://schemas.openid.net/event/backchannel-logout whose value is an object",
    "sub": "it names neither sub nor sid, or one of them is no text of 1 to 255 characters",
    "sid": "its sid is no text of 1 to 255 characters",
    "jti": "it has no jti, or one that is no text of 1 to 255 characters",
    "jti_replayed": "it was acted upon before: each jti counts once",
}
"""Each check of a Logout Token, in an operator's words."""


def try_out(settings: Settings, token: str) -> None:
    """Print the verdict; exit code 1 if the token would be refused. Nothing ends."""
    try:
        tried = asyncio.run(_tried(settings, token))
    except ProviderError as error:
        raise click.ClickException(f"the provider cannot be asked for its keys: {error}") from None
    except StoreUnavailable:
        raise click.ClickException("Redis cannot be asked; see bff check --live") from None
    for name, value in tried.claims.items():
        click.echo(f"  {name:8} {_shown(name, value)}")
    if tried.failed is not None:
        click.echo(f"REFUSED ({tried.failed}): {WHY.get(tried.failed, 'it failed this check')}")
        raise SystemExit(1)
    click.echo(f"accepted: it would end {tried.would_end} session(s); nothing has been ended")


async def _tried(settings: Settings, token: str) -> LogoutTokenTried:
    async with operations(settings) as begun:
        return await begun.flows.backchannel.try_out(token)


def _shown(name: str, value: object) -> str:
    text = json.dumps(value, ensure_ascii=True)
    if name in {"exp", "iat", "nbf"} and isinstance(value, int | float):
        try:
            return f"{text}  ({datetime.fromtimestamp(value, UTC).isoformat()})"
        except (ValueError, OverflowError, OSError):
            return text
    return text
