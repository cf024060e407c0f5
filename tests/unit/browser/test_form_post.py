"""The page that sends a form on to another site."""

import pytest

from bff.browser.form_post import form_post_page

ACTION = "https://provider.example/end_session?tenant=7"


@pytest.mark.req("N103", "N117", "N68")
def test_the_page_can_do_nothing_but_send_its_form() -> None:
    """Opaque origin, one script by its hash, no plain connection; never stored, told to nobody."""
    headers, _ = form_post_page(ACTION, [("a", "b")], https=True)
    fields = dict(headers)
    policy = fields[b"content-security-policy"].decode()
    assert policy.startswith(
        "sandbox allow-forms allow-scripts; default-src 'none'; script-src 'sha256-"
    )
    assert "form-action https:;" in policy
    assert "allow-same-origin" not in policy
    assert fields[b"cache-control"] == b"no-store"
    assert fields[b"referrer-policy"] == b"no-referrer"
    assert len(fields) == len(headers)


def test_what_is_sent_cannot_break_out_of_the_page() -> None:
    """Values and address are escaped."""
    _, body = form_post_page('https://p.example/"><script>', [('"x', "<y>&'")], https=True)
    text = body.decode()
    assert "<y>" not in text
    assert '"><script>alert' not in text
    assert text.count("<script>") == 1
    assert 'name="&quot;x" value="&lt;y&gt;&amp;&#x27;"' in text


def test_only_in_development_a_form_may_go_over_a_plain_connection() -> None:
    """A browser holds redirects against form-action, too, and ours lead to where the app is."""
    headers, _ = form_post_page("http://localhost:1/end_session", [("a", "b")], https=False)
    assert b"form-action http: https:;" in dict(headers)[b"content-security-policy"]
