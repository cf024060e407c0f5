"""What is fixed when the API starts; the defaults are the demo's."""

from dataclasses import dataclass

AUDIENCE = "https://api.eventlead.example"
ISSUER = "http://localhost:8710"


@dataclass(frozen=True)
class ApiSettings:
    """Whose tokens count (``issuer``), and which of them are for us (``audience``)."""

    issuer: str = ISSUER
    audience: str = AUDIENCE
    jwks_uri: str = ""

    @property
    def keys_at(self) -> str:
        """Where the issuer's keys are."""
        return self.jwks_uri or f"{self.issuer.rstrip('/')}/jwks"
