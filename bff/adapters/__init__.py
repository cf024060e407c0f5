"""The only files that open sockets, read the clock or roll the dice.

For: OpenID Provider, Redis, proxied APIs, the event loop, logs and metrics, each behind a Protocol
    of bff.flows.ports; the browser's connection, behind uvicorn's.
Answers to: RFC 9112 (forwarding), RFC 6749 (provider calls), the Redis protocol.
May import: bff.session, bff.audit, bff.oidc, bff.resource, bff.errors; httpx, httptools, redis,
    asyncio, structlog, prometheus_client, uvicorn; opentelemetry, where traces are on.
Never knows: the framework, the flows, cookies.
Called by: bff.composition, which plugs each into its port.
"""
