"""An OpenID Provider small enough to read in one sitting, as strict as the strictest there is.

For: signing users in without passwords, rotating refresh tokens, bad days on request (faults.py).
Answers to: OpenID Connect Core, Discovery, RP-Initiated and Back-Channel Logout 1.0;
    RFC 6749, 7009, 7523, 7636, 8707, 9068, 9207, 9700.
May import: litestar, msgspec, jwt, cryptography, httpx, upstream_mocks.connections and .holding.
Never knows: bff. It is a second reading of the documents: what both misread alike, no test finds.
Called by: the demo, the tests (create_provider in process, or python -m upstream_mocks.provider).
"""
