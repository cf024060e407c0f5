"""What we remember of a signed-in user, and the rules of its life.

For: the session record, its limits, its handle, the refresh verdict, sealing of tokens at rest,
    login transactions.
Answers to: RFC 9700 section 4.14, RFC 10017 section 6.1.2, OWASP ASVS 5.0 chapter 7, NIST SP
    800-38D (sealing).
May import: bff.errors, msgspec, cryptography's AEAD.
Never knows: the clock, the dice, the network, cookies, HTTP, OpenID Connect documents.
Called by: bff.flows, bff.adapters, bff.endpoints (types only), bff.settings.
"""
