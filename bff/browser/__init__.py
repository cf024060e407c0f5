"""What we hand to a browser, and what we believe of it.

For: cookies and their signatures, the same-origin rule, the return path, security headers.
Answers to: RFC 6265bis, Fetch Metadata, RFC 10017 section 6.1.3, OWASP ASVS 5.0 chapter 3.
May import: bff.errors, msgspec, itsdangerous.
Never knows: sessions, tokens, Redis, the framework, the clock, the dice.
Called by: bff.endpoints, bff.flows, bff.settings.
"""
