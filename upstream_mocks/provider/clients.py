"""Registered clients, and how one proves who it is.

RFC 6749, section 2.3; RFC 7523, section 3; OIDC Core 1.0, section 9.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote_plus

import jwt

from upstream_mocks.provider.answers import OAuthError
from upstream_mocks.provider.keys import Alg

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_ALGS = ("RS256", "PS256", "ES256", "EdDSA")
LONGEST_ASSERTION_SECONDS = 3600

Method = Literal["client_secret_basic", "client_secret_post", "private_key_jwt"]
METHODS: tuple[Method, ...] = ("client_secret_basic", "client_secret_post", "private_key_jwt")


@dataclass(frozen=True)
class Client:
    """What a client registered (RFC 7591, section 2); ``jwks`` are its public keys."""

    client_id: str
    secret: str | None = field(default=None, repr=False)
    jwks: tuple[Mapping[str, Any], ...] = ()
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str | None = None
    scopes: tuple[str, ...] = ()
    client_credentials_scopes: tuple[str, ...] = ()
    id_token_alg: Alg = "RS256"
    name: str = ""


@dataclass
class ClientAuthentication:
    """Knows the clients, the addresses an assertion may name, and the assertions already used."""

    clients: Mapping[str, Client]
    audiences: frozenset[str]
    seen_jti: dict[tuple[str, str], float] = field(default_factory=dict)

    def authenticate(
        self, authorization: str | None, form: Mapping[str, str], now: float
    ) -> tuple[Client, Method]:
        """The client and the method it used; raises OAuthError."""
        offered = [
            method
            for method, present in (
                ("client_secret_basic", authorization is not None),
                ("client_secret_post", "client_secret" in form),
                ("private_key_jwt", "client_assertion" in form),
            )
            if present
        ]
        if len(offered) > 1:  # RFC 6749, section 2.3: one method per request
            raise OAuthError("invalid_request", "more than one client authentication method")
        if authorization is not None:
            return self._basic(authorization, form), "client_secret_basic"
        if "client_secret" in form:
            client_id, secret = form.get("client_id", ""), form["client_secret"]
            return self._by_secret(client_id, secret, challenge=False), "client_secret_post"
        if "client_assertion" in form:
            return self._by_assertion(form, now), "private_key_jwt"
        raise OAuthError("invalid_client", "no client authentication", status=401)

    def _basic(self, authorization: str, form: Mapping[str, str]) -> Client:
        scheme, _, credentials = authorization.partition(" ")
        try:
            decoded = base64.b64decode(credentials.strip(), validate=True).decode("ascii")
        except (binascii.Error, UnicodeDecodeError):
            decoded = ""
        # Both halves are form-encoded (RFC 6749, section 2.3.1), so the first colon divides them.
        client_id, colon, secret = decoded.partition(":")
        client_id, secret = unquote_plus(client_id), unquote_plus(secret)
        if scheme.lower() != "basic" or not colon or form.get("client_id", client_id) != client_id:
            raise _refused("malformed Basic credentials", challenge=True)
        return self._by_secret(client_id, secret, challenge=True)

    def _by_secret(self, client_id: str, secret: str, *, challenge: bool) -> Client:
        client = self.clients.get(client_id)
        if client is None or client.secret is None:
            raise _refused("unknown client, or one without a secret", challenge=challenge)
        if not hmac.compare_digest(client.secret.encode(), secret.encode()):
            raise _refused("wrong client secret", challenge=challenge)
        return client

    def _by_assertion(self, form: Mapping[str, str], now: float) -> Client:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise _refused("unknown client_assertion_type")
        assertion = form["client_assertion"]
        try:
            header = jwt.get_unverified_header(assertion)
            claimed = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.InvalidTokenError as error:
            raise _refused("client_assertion is no JWT") from error
        client = self.clients.get(str(claimed.get("sub")))
        if client is None or form.get("client_id", client.client_id) != client.client_id:
            raise _refused("unknown client")
        claims = _verified(assertion, header, client)
        self._require_fresh(claims, client, now)
        return client

    def _require_fresh(self, claims: Mapping[str, Any], client: Client, now: float) -> None:
        """RFC 7523, section 3: from and about the client, to us, short-lived, used once."""
        audience = claims.get("aud")
        audiences = set(audience) if isinstance(audience, list) else {audience}
        expires_at, jti = claims.get("exp"), claims.get("jti")
        if claims.get("iss") != client.client_id:
            raise _refused("iss of the assertion is not the client")
        if not audiences & self.audiences:
            raise _refused("the assertion is for somebody else")
        if not isinstance(expires_at, int | float) or not isinstance(jti, str) or not jti:
            raise _refused("the assertion lacks exp or jti")
        if not now < expires_at <= now + LONGEST_ASSERTION_SECONDS:
            raise _refused("the assertion is expired, or lives too long")
        used = (client.client_id, jti)
        self.seen_jti = {key: end for key, end in self.seen_jti.items() if end > now}
        if used in self.seen_jti:
            raise _refused("the assertion was used before")
        self.seen_jti[used] = expires_at


def _verified(assertion: str, header: Mapping[str, Any], client: Client) -> dict[str, Any]:
    """The claims, if one of the client's registered keys signed them. Time is not checked here."""
    alg = str(header.get("alg"))
    for jwk in client.jwks:
        if alg not in ASSERTION_ALGS or header.get("kid", jwk.get("kid")) != jwk.get("kid"):
            continue
        try:
            return jwt.decode(
                assertion,
                jwt.PyJWK(dict(jwk), algorithm=alg),
                algorithms=[alg],
                options={"verify_exp": False, "verify_aud": False, "verify_iat": False},
            )
        except jwt.PyJWTError:
            continue
    raise _refused("no registered key verifies the assertion")


def _refused(why: str, *, challenge: bool = False) -> OAuthError:
    """With a Basic challenge if that is how the client tried (RFC 6749, section 5.2)."""
    headers = {"WWW-Authenticate": 'Basic realm="token"'} if challenge else {}
    return OAuthError("invalid_client", why, status=401, headers=headers)
