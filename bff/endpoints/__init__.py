"""The browser's side: paths, cookies, statuses, problem documents.

For: the gate before everything, the endpoints under /bff, the proxied prefix /api, the page itself,
    the operators' endpoints.
Answers to: RFC 10017 section 6.1, RFC 9457, RFC 9110, RFC 6265bis; docs/wire.md.
May import: litestar, bff.flows, bff.session, bff.browser, bff.resource, bff.audit, bff.errors.
Never knows: a token, the provider, Redis, where settings come from.
Called by: bff.app.
"""
