"""The table about traces."""

from typing import Annotated, Literal

import msgspec

from bff.oidc.metadata import Secret


class Tracing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """OpenTelemetry traces; they need the extra ``otel``.

    With ``export`` "otlp", spans go to ``endpoint`` (OTLP over HTTP, protobuf), with ``authorization``
    as the field of that name. ``sample_ratio`` of the traces that begin here are recorded. A
    ``traceparent`` is continued, and its word about sampling kept, if the other end of the connection
    is in ``trusted_networks`` (CIDR); anybody else's is only linked to.
    """

    export: Literal["off", "otlp"] = "off"
    endpoint: str = "http://localhost:4318/v1/traces"
    authorization: Secret | None = None
    service_name: str = "cookie-bff"
    sample_ratio: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    trusted_networks: tuple[str, ...] = ()
