"""Our own access tokens, for routes that act as the client and not as the user (RFC 6749, section 4.4)."""

from dataclasses import dataclass, field

import msgspec

from bff.errors import ProviderUnavailable, TokenRequestRejected, TokenResponseInvalid
from bff.flows.ports import Background, Clock, Detached, OpenIDProvider
from bff.resource.routes import ApiRoute


class ClientToken(msgspec.Struct, frozen=True):
    """An access token and when to stop using it (Unix seconds)."""

    access_token: str
    use_until: float

    def __repr__(self) -> str:
        """The time only."""
        return f"ClientToken(***, use_until={self.use_until:.0f})"


_Wanted = tuple[tuple[str, ...], str | None]


@dataclass(frozen=True, slots=True)
class ClientTokenFlow:
    """One token per scope and resource, shared by all users of this process, asked for once however many wait."""

    provider: OpenIDProvider
    background: Background
    clock: Clock
    default_lifetime: float
    patience: float
    held: dict[_Wanted, ClientToken] = field(default_factory=dict)
    asked: dict[_Wanted, Detached[ClientToken]] = field(default_factory=dict)

    async def token_for(self, route: ApiRoute) -> str:
        """An access token for ``route``.

        Raises ProviderUnavailable; a refusal by the provider is our misconfiguration and reads the
        same.
        """
        wanted = (route.scopes, route.resource)
        token = self.held.get(wanted)
        if token is None or self.clock.now() >= token.use_until:
            asked = self.asked.get(wanted)
            if asked is None:
                asked = self.asked[wanted] = self.background.start(
                    "client_token", self._ask(wanted)
                )
            token = await asked.wait(self.patience)
        if token is None:
            raise ProviderUnavailable("token: no answer yet", sent=True, retry_after_seconds=1.0)
        return token.access_token

    async def _ask(self, wanted: _Wanted) -> ClientToken:
        asked_at = self.clock.now()
        try:
            response = await self.provider.client_credentials(*wanted)
        except (TokenRequestRejected, TokenResponseInvalid) as error:
            raise ProviderUnavailable(f"token: {error}", sent=False) from None
        finally:
            del self.asked[wanted]
        lifetime = self.default_lifetime if response.expires_in is None else response.expires_in
        token = ClientToken(response.access_token, asked_at + lifetime * 0.9)
        self.held[wanted] = token
        return token
