"""The provider's documents as functions: what we say to an OpenID Provider, and what we believe of its answers.

For: metadata, authorization requests and responses, token requests and responses, signed tokens, logout URLs.
Answers to: RFC 6749, 7009, 7523, 7636, 8707, 9207, 9700; OpenID Connect Core, Discovery and the logout specifications.
May import: bff.errors, msgspec, jwt.
Never knows: the clock, the dice, the network, cookies, sessions.
Called by: bff.flows, bff.adapters.openid_provider, bff.settings.
"""
