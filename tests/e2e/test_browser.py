"""The whole way in a real browser: sign in, call, renew, sign out; and no token anywhere (the canary watches)."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.processes import Stack


def sign_in(page: Page, name: str = "Ada") -> None:
    """From the landing page through the provider's page to the events."""
    page.goto("/")
    page.get_by_test_id("sign-in").click()
    page.get_by_role("button", name=re.compile(name)).click()
    expect(page.get_by_test_id("user-name")).to_contain_text(name)


@pytest.fixture(autouse=True)
def good_weather(stack: Stack) -> None:
    """No fault survives its test."""
    stack.ask("provider", "DELETE", "/__faults")
    stack.ask("api", "DELETE", "/__faults")


@pytest.mark.req("S1", "S13", "S17", "N28", "N68")
def test_sign_in_call_survive_a_refresh_sign_out(page: Page, stack: Stack) -> None:
    """The story, whole: data from an API, several renewals nobody notices, and out."""
    stack.ask("provider", "POST", "/__faults", {"fault": "expires_in", "seconds": 6})
    sign_in(page)
    expect(page.get_by_test_id("event-card").first).to_be_visible()
    page.get_by_role("link", name="Session", exact=True).click()
    expect(page.get_by_test_id("renewals")).to_have_text("0")
    page.get_by_role("link", name="Leads", exact=True).click()
    expect(page.get_by_test_id("lead-row").first).to_be_visible()
    for _ in range(4):
        page.wait_for_timeout(2000)
        page.get_by_role("link", name="Events", exact=True).click()
        expect(page.get_by_test_id("event-card").first).to_be_visible()
        page.get_by_role("link", name="Leads", exact=True).click()
    page.get_by_role("link", name="Session", exact=True).click()
    expect(page.get_by_test_id("renewals")).to_have_text(re.compile("[1-9]"))
    page.get_by_role("link", name="What JavaScript sees").click()
    expect(page.get_by_test_id("verdict")).to_contain_text("No credential found")
    page.get_by_test_id("sign-out").click()
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    assert stack.ask("provider", "GET", "/__stats")["refresh_reuse_detected"] == 0


@pytest.mark.req("S15")
def test_a_lead_is_created_and_mistakes_are_shown_by_field(page: Page) -> None:
    """422 beside the field; then the new row."""
    sign_in(page, "Grace")
    page.get_by_role("link", name="Leads", exact=True).click()
    page.get_by_role("link", name="New lead").click()
    form = page.get_by_test_id("lead-form")
    form.get_by_label("Name", exact=True).fill("Katherine Johnson")
    form.get_by_role("button", name="Save lead").click()
    expect(form.locator("#email-error")).to_be_visible()
    form.get_by_label("Company").fill("Langley")
    form.get_by_label("E-mail").fill("katherine@langley.example")
    form.get_by_role("button", name="Save lead").click()
    expect(page.get_by_test_id("lead-row").filter(has_text="Katherine Johnson")).to_be_visible()


@pytest.mark.req("N23", "S5")
def test_a_refused_sign_in_says_so_and_does_not_loop(page: Page) -> None:
    """Back on the landing page, with a reference."""
    page.goto("/")
    page.get_by_test_id("sign-in").click()
    page.get_by_role("button", name=re.compile("Deny|Cancel")).click()
    expect(page.get_by_role("alert")).to_contain_text("Reference req_")
    page.reload()
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.req("N56", "N105")
def test_after_sign_out_the_back_button_shows_nothing(page: Page) -> None:
    """The page behind is asked for anew, and finds nobody."""
    sign_in(page)
    page.get_by_test_id("sign-out").click()
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    page.evaluate("setTimeout(() => history.back(), 0)")
    page.wait_for_timeout(1000)
    expect(page.get_by_test_id("user-name")).to_have_count(0)


@pytest.mark.req("N26", "N27", "N28", "N29", "N31")
def test_the_cookie_in_the_browser_is_as_strict_as_it_can_be(page: Page) -> None:
    """Name, flags, and nothing left of the sign-in."""
    sign_in(page)
    ours = [c for c in page.context.cookies() if c["name"].startswith("__Host-Http-bff")]
    assert [cookie["name"] for cookie in ours] == ["__Host-Http-bff"]
    assert ours[0]["httpOnly"]
    assert ours[0]["secure"]
    assert ours[0]["sameSite"] == "Strict"
    assert ours[0]["path"] == "/"
    assert page.evaluate("document.cookie") == ""


def test_the_client_library_works_without_a_bundler(page: Page) -> None:
    """``import`` from /bff/client.js in a page of our own."""
    page.goto("/")
    kind = page.evaluate("import('/bff/client.js').then(m => typeof m.createBffClient)")
    assert kind == "function"


@pytest.mark.req("N56")
def test_a_long_way_out_is_posted(page: Page, stack: Stack) -> None:
    """An ID Token too long for a URL: the form goes through the provider and back to the app."""
    claims = {"entitlements": "x" * 7000}
    fault = {"fault": "override", "grant": "authorization_code", "claims": claims, "count": 1}
    stack.ask("provider", "POST", "/__faults", fault)
    sign_in(page)
    posted: list[str] = []
    page.on(
        "request",
        lambda request: (
            posted.append(request.method) if request.url.endswith("/end_session") else None
        ),
    )
    page.get_by_test_id("sign-out").click()
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    assert posted == ["POST"]
    assert not page.context.cookies(stack.provider_url)
