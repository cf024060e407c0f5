"""The reviewer's console in a real browser: every page, in light and dark; and an end to a session."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.acceptance import ENDED, STILL
from tests.e2e.acceptance import dialog as dialog_of
from tests.e2e.processes import Stack
from tests.e2e.staged_day import fill_sessions_for

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
NewContext = Callable[..., BrowserContext]
PAGES = {
    "": "Overview",
    "sessions": "Sessions",
    "refreshes": "Refresh history",
    "audit": "Audit trail",
    "alerts": "Alerts",
    "posture": "Posture",
    "runbook?rule=handle_replayed": "Runbook",
    "user?subject=ada": "Ada Lovelace",
}

A_COUNT_MS = 90_000
"""Within which live sessions are counted for the first time, and the page hears of it."""


def open_console(page: Page, name: str = "Ada", origin: str = "") -> None:
    """Sign in where the console asks for it."""
    page.goto(f"{origin}/bff/console/")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=re.compile(name)).click()
    page.wait_for_url("**/bff/console/**")


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong, in its own words."""
    page.evaluate(AXE.read_text())
    page.wait_for_function(STILL)
    found = page.evaluate(
        "async () => (await axe.run()).violations.map(v => v.id + ': ' + v.nodes.map("
        "n => n.target.join(' ') + ' ' + n.failureSummary).join(' | ').slice(0, 600))"
    )
    return [str(violation) for violation in found]


@pytest.mark.req("S11", "S15")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_shows_what_it_is_for_and_axe_finds_nothing(
    new_context: NewContext, scheme: str
) -> None:
    """Eight addresses and a session's own, each without an error, a violation or a broken policy."""
    page = new_context(color_scheme=scheme).new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    open_console(page)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    for path, heading in PAGES.items():
        page.goto(f"/bff/console/{path}")
        expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        expect(page.locator(".skeleton")).to_have_count(0)
        expect(page.get_by_role("alert")).to_have_count(0)
        assert violations(page) == [], path
    page.goto("/bff/console/sessions")
    page.get_by_role("link", name=re.compile("^s_")).first.click()
    expect(page.get_by_role("heading", name="Lifetime")).to_be_visible()
    expect(page.get_by_role("heading", name="Access token")).to_be_visible()
    assert violations(page) == []
    assert complaints == []


@pytest.mark.req("N57", "N59", "N118")
def test_23_a_reviewer_ends_a_session_and_its_user_is_out(new_context: NewContext) -> None:
    """Found by search, ended with a reason, receipts shown; the other browser is signed out."""
    victim, reviewer = new_context().new_page(), new_context().new_page()
    victim.goto("/")
    victim.get_by_test_id("sign-in").click()
    victim.get_by_role("button", name=re.compile("Grace")).click()
    expect(victim.get_by_test_id("user-name")).to_contain_text("Grace")
    open_console(reviewer)
    reviewer.get_by_role("searchbox", name=re.compile("Search by user")).fill("grace")
    reviewer.keyboard.press("Enter")
    expect(reviewer.get_by_role("heading", name="Grace Hopper")).to_be_visible()
    sessions = reviewer.get_by_role("region", name="Sessions of grace").locator("tbody tr")
    count = str(sessions.count())
    several = "the session" if count == "1" else f"all {count} sessions"
    reviewer.get_by_role("button", name=f"End {several}…", exact=True).click()
    dialog = reviewer.get_by_role("dialog")
    expect(dialog).to_contain_text("stays valid where they check it themselves")
    dialog.get_by_label("Reason").fill("Laptop stolen")
    if count != "1":
        dialog.get_by_label("confirm").fill(count)
    dialog.get_by_role("button", name=re.compile("^End")).click()
    expect(dialog.get_by_role("status")).to_contain_text("ended")
    expect(dialog).to_contain_text("revoked at the provider")
    reviewer.set_viewport_size({"width": 320, "height": 120})  # receipts that do not fit
    assert violations(reviewer) == []
    dialog.get_by_role("button", name="Done").click()
    expect(reviewer.get_by_text("Not signed in anywhere.")).to_be_visible()
    dialog_of(victim, ENDED)  # the page learns it by itself
    answer = victim.evaluate(
        "() => fetch('/api/events', {headers: {'BFF-Session': 'any'}})"
        ".then(r => [r.status, r.headers.get('BFF-Error')])"
    )
    assert answer[0] == 401
    assert answer[1] in {"session_revoked", "session_required"}  # the page may have learnt it first
    reviewer.goto("/bff/console/audit?q=" + "event%3Aauthz_admin")
    expect(reviewer.get_by_role("cell", name=re.compile("Reviewer acted")).first).to_be_visible()


@pytest.mark.req("S11", "N118")
def test_an_ordinary_user_is_not_let_in_and_it_is_written_down(
    new_context: NewContext, stack: Stack
) -> None:
    """Signed in, without the role: a plain page, a 403, an event."""
    page = new_context().new_page()
    open_console(page, "Grace")
    expect(page.get_by_role("heading", name="Not for this account")).to_be_visible()
    status = page.evaluate(
        "() => fetch('/bff/console/api/sessions', {headers: {'BFF-Session': 'any'}}).then(r => r.status)"
    )
    assert status == 403
    assert '"audit":"authz_fail"' in stack.log("bff")


@pytest.mark.req("S11")
def test_a_list_is_exported_as_it_is_filtered(new_context: NewContext) -> None:
    """A CSV file with a line of names and a line a row; no formula, no secret (the canary reads it)."""
    page = new_context(accept_downloads=True).new_page()
    open_console(page)
    page.goto("/bff/console/audit?q=event%3Aauthn_login_success")
    expect(page.get_by_role("cell", name=re.compile("Signed in")).first).to_be_visible()
    with page.expect_download() as caught:
        page.get_by_role("button", name="CSV", exact=True).click()
    text = Path(caught.value.path()).read_text()
    lines = text.splitlines()
    assert lines[0].startswith("seq,id,at,severity,event")
    assert len(lines) > 1
    assert all("authn_login_success" in line for line in lines[1:])
    assert not re.search(r"eyJ[A-Za-z0-9_-]{8}", text)


@pytest.mark.req("S11")
def test_reviewers_looks_are_in_the_audit_list_only_when_they_are_asked_for(
    new_context: NewContext,
) -> None:
    """The switch is in the address, so it survives a reload; a query that names them needs no switch."""
    page = new_context().new_page()
    open_console(page)
    page.goto("/bff/console/audit")
    looks = page.get_by_role("cell", name=re.compile("Reviewer looked"))
    expect(page.get_by_role("cell", name=re.compile("Signed in")).first).to_be_visible()
    expect(looks).to_have_count(0)
    page.get_by_role("group", name=re.compile("looks$")).get_by_role("button").click()
    expect(looks.first).to_be_visible()
    page.reload()
    expect(looks.first).to_be_visible()
    assert "looks=shown" in page.url
    page.goto("/bff/console/audit?q=event%3Asensitive_read")
    expect(looks.first).to_be_visible()


@pytest.mark.req("S11", "S15")
def test_the_keyboard_leads_from_the_list_into_a_session(new_context: NewContext) -> None:
    """``/`` goes to the search, ``j`` to the first row, Enter into it; the switch makes single keys mean nothing."""
    page = new_context().new_page()
    open_console(page)
    page.goto("/bff/console/sessions")
    expect(page.get_by_role("link", name=re.compile("^s_")).first).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name=re.compile("Search by user"))).to_be_focused()
    page.locator("main").focus()
    switch = page.get_by_role("button", name="Shortcuts")
    switch.click()
    page.keyboard.press("j")
    expect(switch).to_be_focused()
    switch.click()
    page.keyboard.press("j")
    expect(page.locator("main tbody tr").first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/sessions/s_"))
    page.get_by_role("button", name="Show as list").click()
    expect(page.get_by_role("list", name=re.compile("Timeline"))).to_contain_text("sign-in")
    expect(page.locator(".skeleton")).to_have_count(0)
    assert violations(page) == []


@pytest.mark.req("S11", "S15")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_dialog_that_ends_a_session_is_used_by_keyboard_alone(
    new_context: NewContext, scheme: str
) -> None:
    """Focus goes in, cannot leave, and comes back; axe finds nothing; Escape ends nothing."""
    page = new_context(color_scheme=scheme).new_page()
    open_console(page)
    page.goto("/bff/console/sessions")
    opener = page.get_by_role("button", name=re.compile("^End session s_")).first
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=re.compile("^End session s_"))
    expect(dialog.get_by_label("Reason")).to_be_focused()
    assert violations(page) == []
    stops = []
    for _ in range(4):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("() => document.activeElement.textContent"))
        assert page.evaluate(
            "() => document.activeElement === document.body"
            " || document.activeElement.closest('dialog') !== null"
        )
    assert stops[:2] == ["End session", "Cancel"]
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(opener).to_be_focused()


@pytest.mark.req("S11", "S15")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_entry_is_read_and_left_by_keyboard_and_its_address_opens_it_again(
    new_context: NewContext, scheme: str
) -> None:
    """Opened, stepped through to its neighbour and back, reloaded, closed; axe finds nothing in it."""
    page = new_context(color_scheme=scheme).new_page()
    open_console(page)
    page.goto("/bff/console/audit?q=event%3Aauthn_login_success+event%3Asys_startup")
    page.get_by_role("button", name=re.compile("^Open entry")).first.focus()
    page.keyboard.press("Enter")
    entry = page.get_by_role("dialog")
    expect(entry.get_by_role("heading", name="Signed in")).to_be_visible()
    assert violations(page) == []
    newest = entry.get_by_label("The entry as JSON").inner_text()
    entry.get_by_role("button", name="Previous").focus()
    page.keyboard.press("Enter")
    expect(entry.get_by_role("status")).to_contain_text(re.compile("^2 of "))
    assert entry.get_by_label("The entry as JSON").inner_text() != newest
    page.reload()
    expect(entry.get_by_role("status")).to_contain_text(re.compile("^2 of "))
    entry.get_by_role("button", name="Next").focus()
    page.keyboard.press("Enter")
    expect(entry.get_by_label("The entry as JSON")).to_have_text(newest)
    page.keyboard.press("Escape")
    expect(entry).to_have_count(0)
    page.wait_for_url(lambda url: "entry=" not in url)


@pytest.mark.req("S11", "S15")
@pytest.mark.parametrize("width", [320, 1440])
def test_no_page_is_wider_than_its_window(new_context: NewContext, width: int) -> None:
    """Tables scroll in themselves; the page does not (WCAG 1.4.10). What can be copied shows it to a finger."""
    page = new_context(viewport={"width": width, "height": 900}, has_touch=True).new_page()
    open_console(page)
    for path in PAGES:
        page.goto(f"/bff/console/{path}")
        expect(page.locator("h1")).to_be_visible()
        expect(page.locator(".skeleton")).to_have_count(0)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, path


@pytest.mark.req("S11")
def test_a_plot_without_figures_says_so_instead_of_drawing_axes(new_context: NewContext) -> None:
    """A session that was never renewed: no picture, and nothing to be shown as a table."""
    page = new_context().new_page()
    open_console(page)
    page.goto("/bff/console/refreshes?ref=s_neverrenewed")
    plot = page.get_by_role("figure", name="Seconds left when renewed")
    expect(plot.get_by_text("Nothing in this time.")).to_be_visible()
    expect(plot.locator("canvas")).to_have_count(0)
    expect(plot.get_by_role("button")).to_have_count(0)
    assert violations(page) == []


@pytest.mark.req("S11")
def test_sessions_are_narrowed_by_address_browser_and_age(new_context: NewContext) -> None:
    """Each is in the address and still there after a reload."""
    page = new_context().new_page()
    open_console(page)
    page.goto("/bff/console/sessions")
    rows = page.get_by_role("region", name="Sessions").locator("tbody tr")
    expect(rows.first).to_be_visible()
    page.get_by_label("Younger than").select_option("1 hour")
    page.get_by_label("Browser").select_option(label="Chrome on Linux")
    page.wait_for_url(re.compile(r"started_after=\d+.*agent=Chrome"))
    expect(rows.first).to_be_visible()
    page.get_by_label("Older than").select_option("1 day")
    expect(page.get_by_text("No session matches these filters.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("No session matches these filters.")).to_be_visible()
    page.get_by_label("Older than").select_option("any")
    page.get_by_label("Address", exact=True).fill("192.0.2.0/24")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No session matches these filters.")).to_be_visible()
    assert "address=192.0.2.0" in page.url


@pytest.mark.req("S11")
def test_the_address_says_how_a_plot_and_times_are_shown(new_context: NewContext) -> None:
    """A plot as a table and times of the reader's own zone: kept by a reload, times by a link as well."""
    page = new_context(timezone_id="Asia/Tokyo").new_page()
    open_console(page)
    page.goto("/bff/console/refreshes")
    zone = page.get_by_role("button", name=re.compile("^Times in"))
    zone.click()
    expect(zone).to_have_text("local")
    page.reload()
    expect(zone).to_have_text("local")
    page.get_by_role("link", name="Sessions", exact=True).click()
    expect(zone).to_have_text("local")
    moment = page.get_by_role("region", name="Sessions").locator("tbody time").first
    expect(moment).to_have_attribute("title", re.compile(r"\+09:00$"))
    page.goto("/bff/console/?table=sessions-over-time")
    plot = page.get_by_role("figure", name="Sessions over time")
    picture = plot.get_by_role("button", name="Show as picture")
    expect(plot.get_by_role("table")).to_be_visible(timeout=A_COUNT_MS)
    picture.click()
    page.wait_for_url(lambda url: "table=" not in url)
    expect(plot.locator("canvas")).to_be_visible()


@pytest.mark.req("S11")
def test_an_alert_leads_to_what_to_do_about_it(new_context: NewContext) -> None:
    """The runbook's section of the rule, marked, within the window."""
    page = new_context().new_page()
    open_console(page)
    page.goto("/bff/console/runbook?rule=review_refused")
    section = page.locator("#review_refused")
    expect(section).to_be_in_viewport()
    expect(section).to_have_attribute("aria-current", "true")
    expect(section).to_contain_text(re.compile("Means.*Look.*Do", re.DOTALL))


@pytest.mark.req("S11")
def test_a_sessions_page_shows_when_and_what_it_called(new_context: NewContext) -> None:
    """Plain calls go the direct way and are counted there; the lane and the table have them within half a minute."""
    page = new_context().new_page()
    open_console(page)
    script = """async () => {
        for (const path of ['/api/events', '/api/events', '/api/status/503']) {
            await fetch(path, {headers: {'BFF-Session': 'any'}})
        }
        const own = await fetch('/bff/session', {headers: {'BFF-Session': 'any'}})
        return (await own.json()).ref
    }"""
    reference = page.evaluate(script)
    page.goto(f"/bff/console/sessions/{reference}")
    table = page.get_by_role("region", name="Routes called by this session")
    events = table.get_by_role("row").filter(has_text="events")
    expect(events).to_contain_text("2xx 2", timeout=45_000)
    expect(table.get_by_role("row").filter(has_text="status")).to_contain_text("5xx 1")
    expect(page.locator("rect.heat")).not_to_have_count(0)
    page.get_by_role("button", name="Show as list").click()
    expect(page.get_by_role("list", name=re.compile("Timeline"))).to_contain_text(
        "3 calls in 5 min"
    )
    assert violations(page) == []


@pytest.mark.req("S11", "S15")
def test_on_a_phone_every_button_of_a_row_is_within_the_window(new_context: NewContext) -> None:
    """Rows are blocks there, and still a table to who listens."""
    page = new_context(viewport={"width": 320, "height": 900}, has_touch=True).new_page()
    open_console(page)
    page.goto("/bff/console/sessions")
    button = page.get_by_role("button", name=re.compile("^End session s_")).first
    box = button.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 320
    table = page.get_by_role("table", name="Sessions")
    expect(table.get_by_role("columnheader", name="Access token")).to_have_count(1)
    expect(table.get_by_role("cell", name=re.compile("active")).first).to_be_visible()
    assert violations(page) == []


@pytest.mark.req("N59", "S11")
def test_more_sessions_than_an_answer_can_wait_for_end_with_progress_and_paged_receipts(
    new_stack: Callable[..., Stack], new_context: NewContext
) -> None:
    """Two hundred and sixty that match a filter; the dialog may be closed, its page has all receipts."""
    stack = new_stack()
    stack.add_bff()
    fill_sessions_for(stack.folder / "bff.toml", stack.redis_port, 260)
    page, origin = new_context().new_page(), stack.bff.url
    open_console(page, origin=origin)
    page.goto(f"{origin}/bff/console/sessions?q=number")
    page.get_by_role("button", name="End all 260 that match…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("Incident 4711")
    dialog.get_by_label("confirm").fill("260")
    dialog.get_by_role("button", name="End 260 sessions").click()
    expect(dialog.get_by_role("progressbar")).to_be_visible()
    expect(dialog).to_contain_text("260 sessions gone through, 260 ended")
    assert violations(page) == []
    dialog.get_by_role("link", name="its own page").click()
    expect(page.get_by_role("heading", name="Ending many sessions")).to_be_visible()
    receipts = page.get_by_role("region", name="Receipts").locator("tbody tr")
    expect(page.get_by_text("showing 50 of 260")).to_be_visible()
    page.get_by_role("button", name="Show more").click()
    expect(receipts).to_have_count(100)
    assert violations(page) == []
    page.goto(f"{origin}/bff/console/sessions")
    recent = page.get_by_role("list", name="Endings of many sessions")
    expect(recent).to_contain_text("260 sessions gone through, 260 ended by ada, “Incident 4711”")
