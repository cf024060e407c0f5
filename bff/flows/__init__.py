"""The stories: sign in, use, renew, call, sign out. Async, over Protocols.

For: the order in which the parties are spoken to, and what follows from each answer.
Answers to: OpenID Connect Core 1.0, RFC 6749 section 6, RFC 9700, RFC 10017 section 6.1.
May import: bff.session, bff.browser, bff.oidc, bff.resource, bff.audit, bff.errors; the rest of the
    world through bff.flows.ports.
Never knows: the framework, the clients, the clock, the dice, the environment.
Called by: bff.endpoints; plugged together by bff.composition.
"""
