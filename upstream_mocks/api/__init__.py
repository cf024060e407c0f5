"""The EventLead API: a resource server that believes the provider's keys and nobody else.

For: events and leads for the demo; calls that show what a proxy did with bytes, headers, time.
Answers to: RFC 6750 and RFC 9068 (bearer tokens), RFC 9110, RFC 9457 (problems), RFC 6455.
May import: litestar, msgspec, jwt, httpx, upstream_mocks.connections and .holding.
Never knows: bff, and nothing of the mock provider but what its JWK Set says.
Called by: the demo, the tests (create_api in process, or python -m upstream_mocks.api).
"""
