"""The provider's documents as functions: what we say to it, and what we believe of its answers.

For: metadata, authorization, token requests and responses, signed tokens, logout URLs.
Answers to: RFC 6749, 7009, 7523, 7636, 8707, 9207, 9700; OpenID Connect Core and its siblings.
May import: bff.errors, msgspec, jwt, cryptography's key types.
Never knows: the clock, the dice, the network, cookies, sessions.
Called by: bff.flows, bff.adapters.openid_provider, bff.settings.
"""
