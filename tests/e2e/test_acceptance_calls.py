"""Acceptance, calls: renewals, outages and repeats as a page lives through them. The numbers are the list's own."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.acceptance import (
    PATIENCE_MS,
    banner,
    calls,
    deaf,
    fault,
    good_weather,
    own_client,
    renewals,
    sign_in,
)
from tests.e2e.processes import Stack

STATUS = "async ([path, init]) => (await c.fetch(path, init)).status"


@pytest.fixture(autouse=True)
def _good_weather(stack: Stack) -> None:
    """No fault survives its test."""
    good_weather(stack)


def expired(page: Page, stack: Stack) -> str:
    """Signed in, and the access token has just run out."""
    fault(stack, fault="expires_in", seconds=1, count=1)
    sign_in(page)
    page.wait_for_timeout(1200)  # the token's own second, in real processes
    return own_client(page)


@pytest.mark.req("S7", "S14", "N71")
def test_01_twenty_parallel_calls_across_a_renewal_make_one_grant(page: Page, stack: Stack) -> None:
    """All are answered 200, and the provider was asked once."""
    expired(page, stack)
    statuses = page.evaluate(
        "async () => Promise.all(Array.from({ length: 20 }, async () => (await c.fetch('/api/me')).status))"
    )
    assert statuses == [200] * 20
    assert renewals(stack) == 1


@pytest.mark.req("S14")
def test_02_a_post_during_a_renewal_is_executed_once_with_its_body(
    page: Page, stack: Stack
) -> None:
    """The provider takes longer than a request may wait: 503, a pause, the same POST again."""
    expired(page, stack)
    fault(stack, fault="slow", seconds=3, grant="refresh_token", count=1)
    lead = """async () => {
        const lead = { event_id: 'aurora-2026', name: 'Sent Once', company: 'One', email: 'one@one.example' };
        const body = JSON.stringify({ ...lead, note: 'x'.repeat(999) });
        const headers = { 'Content-Type': 'application/json' };
        const answer = await c.fetch('/api/leads', { method: 'POST', headers, body });
        return [answer.status, await answer.json()];
    }"""
    refused: list[str] = []
    page.on("response", lambda answer: refused.append(answer.headers.get("bff-error", "")))
    status, body = page.evaluate(lead)
    assert status == 201
    assert body["note"] == "x" * 999
    assert "refresh_in_progress" in refused
    assert calls(stack, "POST /leads") == 1


@pytest.mark.req("S14")
def test_03_an_upload_during_a_renewal_arrives_once_and_whole(page: Page, stack: Stack) -> None:
    """FormData with a file part."""
    expired(page, stack)
    fault(stack, fault="slow", seconds=3, grant="refresh_token", count=1)
    upload = """async () => {
        const form = new FormData();
        form.append('file', new Blob([new Uint8Array(300000).fill(65)]), 'a.bin');
        form.append('word', 'after the file');
        const answer = await c.fetch('/api/upload', { method: 'POST', body: form });
        return [answer.status, (await answer.json()).bytes];
    }"""
    status, received = page.evaluate(upload)
    assert status == 200
    assert 300_000 < received < 301_000
    assert calls(stack, "POST /upload") == 1


@pytest.mark.req("S14", "N76")
def test_05_the_apis_own_401_passes_and_the_session_stays(page: Page, stack: Stack) -> None:
    """At most one more call, and no word of the BFF's on the answer."""
    sign_in(page)
    ref = own_client(page)
    answer = page.evaluate(
        """async () => {
            const answer = await c.fetch('/api/status/401');
            return [answer.status, answer.headers.get('BFF-Error'), await answer.text()];
        }"""
    )
    assert answer[:2] == [401, None]
    assert "As asked" in answer[2]
    assert 1 <= calls(stack, "GET /status/401") <= 2
    assert page.evaluate("async () => (await c.session({ fresh: true })).ref") == ref


@pytest.mark.req("S5", "N74")
def test_06_a_provider_that_is_down_is_invisible_while_access_is_valid(
    page: Page, stack: Stack
) -> None:
    """Pages load, no banner."""
    sign_in(page)
    fault(stack, fault="status", status=503, retry_after=1)
    page.get_by_role("link", name="Events", exact=True).click()
    expect(page.get_by_test_id("event-card").first).to_be_visible()
    page.get_by_role("link", name="Leads", exact=True).click()
    expect(page.get_by_test_id("lead-row").first).to_be_visible()
    expect(banner(page)).to_be_empty()


@pytest.mark.req("S5", "S15", "N74")
def test_07_a_provider_that_is_down_when_access_has_expired_shows_a_banner_and_recovers(
    page: Page, stack: Stack
) -> None:
    """Still signed in all the while."""
    expired(page, stack)
    fault(stack, fault="status", status=503, retry_after=1)
    page.get_by_role("link", name="Events", exact=True).click()
    expect(banner(page)).to_contain_text("Sign-in service not responding", timeout=PATIENCE_MS)
    expect(page.get_by_test_id("user-name")).to_contain_text("Ada")
    stack.ask("provider", "DELETE", "/__faults")
    page.wait_for_timeout(1500)  # the back-off that the provider asked for
    page.get_by_role("link", name="Leads", exact=True).click()
    expect(page.get_by_test_id("lead-row").first).to_be_visible(timeout=PATIENCE_MS)
    expect(banner(page)).to_be_empty(timeout=PATIENCE_MS)


@pytest.mark.req("S14", "S15")
def test_09_a_write_without_an_answer_is_never_repeated(page: Page, stack: Stack) -> None:
    """504: the page says that it does not know, and the API saw it once."""
    sign_in(page, to="/bench")
    trial = page.get_by_test_id("trial").filter(has_text="API too slow, writing")
    trial.get_by_role("button").click()
    expect(trial.get_by_role("status")).to_contain_text("504", timeout=PATIENCE_MS)
    expect(trial.get_by_role("status")).to_contain_text("upstream_timeout")
    assert calls(stack, "POST /slow") == 1


@pytest.mark.req("S14")
def test_10_a_queued_call_that_is_aborted_is_never_sent(page: Page, stack: Stack) -> None:
    """AbortError, natively; the others go on."""
    sign_in(page)
    own_client(page)
    outcome = page.evaluate(
        """async () => {
            const release = c.hold();
            const leave = new AbortController();
            const aborted = c.fetch('/api/slow?seconds=0', { signal: leave.signal }).catch((error) => error.name);
            const kept = c.fetch('/api/me').then((answer) => answer.status);
            leave.abort();
            const name = await aborted;
            release();
            return [name, await kept];
        }"""
    )
    assert outcome == ["AbortError", 200]
    assert calls(stack, "GET /slow") == 0


@pytest.mark.req("S16", "N44")
def test_17_a_page_of_another_session_reaches_no_api(page: Page, stack: Stack) -> None:
    """Grace signs in in a second tab: Ada's tab is told, and her POST is answered 409 before any API."""
    deaf(page.context)
    sign_in(page)
    ref = own_client(page)
    other = page.context.new_page()
    sign_in(other, "Grace")
    answer = page.evaluate(
        """async (ref) => {
            const headers = { 'BFF-Session': ref, 'Content-Type': 'application/json' };
            const answer = await fetch('/api/leads', { method: 'POST', headers, body: '{}' });
            return [answer.status, answer.headers.get('BFF-Error'), answer.headers.get('BFF-Forwarded')];
        }""",
        ref,
    )
    assert answer == [409, "session_changed", "no"]
    assert calls(stack, "POST /leads") == 0
    expect(page.get_by_role("alertdialog", name="Different account")).to_be_visible(
        timeout=PATIENCE_MS
    )
    expect(page.get_by_test_id("user-name")).to_contain_text("Ada")


@pytest.mark.req("S5", "S16")
def test_22_offline_and_online_again_is_no_sign_out(page: Page) -> None:
    """A banner while it lasts; afterwards everything as before."""
    sign_in(page)
    ref = own_client(page)
    page.context.set_offline(True)
    expect(banner(page)).to_contain_text("No connection", timeout=PATIENCE_MS)
    page.context.set_offline(False)
    expect(banner(page)).to_be_empty(timeout=PATIENCE_MS)
    expect(page.get_by_test_id("user-name")).to_contain_text("Ada")
    assert page.evaluate("async () => (await c.session({ fresh: true })).ref") == ref


@pytest.mark.req("S15")
def test_29_a_page_asks_once_who_is_signed_in(page: Page) -> None:
    """One question at the start, StrictMode or not."""
    sign_in(page)
    asked: list[str] = []
    page.on(
        "request",
        lambda request: asked.append(request.url) if request.url.endswith("/bff/session") else None,
    )
    page.reload()
    expect(page.get_by_test_id("user-name")).to_be_visible()
    page.wait_for_load_state("load")
    assert len(asked) == 1
