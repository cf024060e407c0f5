"""What is fixed when the provider starts; the defaults are the demo's."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from upstream_mocks.provider.clients import Client
from upstream_mocks.provider.grants import Subject

USERS = (
    Subject("ada", "Ada Lovelace", "ada@eventlead.example", ("reviewer",), "Reviews the security"),
    Subject("grace", "Grace Hopper", "grace@eventlead.example", ("organiser",), "Organises events"),
    Subject("alan", "Alan Turing", "alan@eventlead.example", ("organiser",), "Organises events"),
)
AUDIENCE = "https://api.eventlead.example"
BILLING_AUDIENCE = "https://billing.eventlead.example"
SCOPES = (
    "openid",
    "profile",
    "email",
    "offline_access",
    "leads.read",
    "leads.write",
    "events.read",
    "billing.read",
)
CLIENT_ID = "eventlead-bff"
CLIENT_SECRET = "demo-secret-not-for-production"
ISSUER = "http://localhost:8710"
CLIENT_ORIGIN = "http://localhost:8700"


def eventlead_client(
    *,
    redirect_uris: Iterable[str],
    post_logout_redirect_uris: Iterable[str],
    backchannel_logout_uri: str | None,
) -> Client:
    """The demo's one client."""
    return Client(
        client_id=CLIENT_ID,
        name="EventLead",
        secret=CLIENT_SECRET,
        redirect_uris=tuple(redirect_uris),
        post_logout_redirect_uris=tuple(post_logout_redirect_uris),
        backchannel_logout_uri=backchannel_logout_uri,
        scopes=SCOPES,
        client_credentials_scopes=("events.read", "leads.read", "billing.read"),
    )


def client_at(*origins: str) -> Client:
    """The demo's client, with its addresses at these origins; the first gets the Logout Tokens."""
    return eventlead_client(
        redirect_uris=[f"{origin}/bff/callback" for origin in origins],
        post_logout_redirect_uris=[f"{origin}/" for origin in origins],
        backchannel_logout_uri=f"{origins[0]}/bff/backchannel-logout" if origins else None,
    )


@dataclass(frozen=True)
class ProviderSettings:
    """Lifetimes in seconds. ``audiences``: the resources there are; the first is the default."""

    issuer: str = ISSUER
    clients: tuple[Client, ...] = field(default_factory=lambda: (client_at(CLIENT_ORIGIN),))
    users: tuple[Subject, ...] = USERS
    audiences: tuple[str, ...] = (AUDIENCE, BILLING_AUDIENCE)
    access_token_seconds: int = 900
    refresh_token_seconds: int = 604800
    id_token_seconds: int = 600
    code_seconds: int = 60
