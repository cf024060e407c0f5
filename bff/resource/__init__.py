"""What may leave for an API, and what may come back.

For: the route table, the one parse of a path, header policies, the guard against an echoed token.
Answers to: RFC 9110 section 7.6, RFC 7239, RFC 6750 section 2.1, RFC 10017 section 6.1.3.6.
May import: bff.errors, msgspec.
Never knows: sockets, sessions, cookies, where a token comes from, the framework.
Called by: bff.flows, bff.adapters, bff.settings, bff.endpoints (types only).
"""
