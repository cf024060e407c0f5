"""Security headers."""

import pytest

from bff.browser.headers import (
    Fields,
    asset_headers,
    development_headers,
    document_headers,
    json_headers,
    redirect_headers,
    transport_headers,
)

EVERY = [
    document_headers(https=True),
    document_headers(https=True, opener=False),
    json_headers(https=True),
    redirect_headers(https=True),
]


def policy(fields: Fields) -> dict[str, str]:
    """The directives of the one Content-Security-Policy."""
    directives = dict(fields)[b"content-security-policy"].decode().split("; ")
    return {name: value for name, _, value in (text.partition(" ") for text in directives)}


@pytest.mark.parametrize("fields", EVERY)
@pytest.mark.req("N45", "N46", "N99", "N116", "N117")
def test_no_answer_goes_without_them(fields: Fields) -> None:
    """HSTS for a year, nosniff, same-origin resources, no storing, Vary, and no field twice."""
    named = dict(fields)
    assert len(named) == len(fields)
    assert named[b"strict-transport-security"] == b"max-age=31536000; includeSubDomains"
    assert named[b"x-content-type-options"] == b"nosniff"
    assert named[b"cross-origin-resource-policy"] == b"same-origin"
    assert named[b"cache-control"] == b"no-store"
    assert named[b"vary"] == b"sec-fetch-site, origin"
    assert policy(fields)["frame-ancestors"] == "'none'"
    assert policy(fields)["base-uri"] == "'none'"
    assert policy(fields)["default-src"] == "'none'"


@pytest.mark.req("N116")
def test_plain_http_is_not_told_to_be_strict() -> None:
    """In development there is no HSTS, and nothing else is missing."""
    assert transport_headers(https=False) == ()
    for make in (document_headers, json_headers, redirect_headers):
        assert transport_headers(https=True) + make(https=False) == make(https=True)


@pytest.mark.req("N117")
def test_pages_run_our_own_scripts_and_no_others() -> None:
    """No inline code, no HTML sinks, no plug-ins, no frames; styles and pictures from here."""
    directives = policy(document_headers(https=True))
    assert directives["script-src"] == "'self'"
    assert directives["object-src"] == "'none'"
    assert directives["connect-src"] == "'self'"
    assert directives["form-action"] == "'self'"
    assert directives["require-trusted-types-for"] == "'script'"
    assert directives["trusted-types"] == "'none'"
    assert not any("unsafe" in value for value in directives.values())


@pytest.mark.req("N117")
def test_a_page_keeps_its_sign_in_window_and_the_window_its_opener() -> None:
    """COOP lets popups live; the page that ends the sign-in window has none."""
    name = b"cross-origin-opener-policy"
    assert dict(document_headers(https=True))[name] == b"same-origin-allow-popups"
    assert name not in dict(document_headers(https=True, opener=False))


@pytest.mark.req("N12", "N117")
def test_the_address_with_the_code_is_told_to_nobody() -> None:
    """A redirect sends no Referer; a page sends one to us alone."""
    assert dict(redirect_headers(https=True))[b"referrer-policy"] == b"no-referrer"
    assert dict(document_headers(https=True))[b"referrer-policy"] == b"same-origin"


def test_a_page_being_written_may_reach_its_dev_server_and_nothing_else() -> None:
    """Inline scripts, for the build tool's own; everything else stays as strict as it can."""
    fields = development_headers("ws://localhost:5173")
    allowed = policy(fields)
    assert allowed["connect-src"] == "'self' ws://localhost:5173"
    assert allowed["script-src"] == "'self' 'unsafe-inline'"
    assert allowed["frame-ancestors"] == "'none'"
    assert dict(fields)[b"cache-control"] == b"no-store"


@pytest.mark.req("N46", "N116", "N117")
def test_a_file_is_a_part_of_our_page_and_a_drawing_runs_nothing() -> None:
    """Same-origin and of its own type; an SVG opened by itself is a document in a sandbox."""
    part, drawing = asset_headers(https=True), asset_headers(https=True, drawing=True)
    for fields in (part, drawing):
        assert dict(fields)[b"x-content-type-options"] == b"nosniff"
        assert dict(fields)[b"cross-origin-resource-policy"] == b"same-origin"
        assert b"strict-transport-security" in dict(fields)
    assert policy(part)["frame-ancestors"] == "'none'"
    assert policy(drawing) == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "sandbox": "",
    }
