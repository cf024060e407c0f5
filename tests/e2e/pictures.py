"""The documents' pictures, taken anew: ``python -m tests.e2e.pictures`` (make pictures); ``console``: those alone."""

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.acceptance import ENDED, dialog, fault
from tests.e2e.conftest import BROWSERS, QUIET_BROWSER
from tests.e2e.processes import ROOT, Stack
from tests.e2e.staged_day import fill_for

IMAGES = ROOT / "docs/images"
WIDE = (1180, 720)
BROAD, TALL = 1360, 800
"""The console's, whose tables are wide."""
IMPATIENT_MS = 10_500
"""Access that is younger is not renewed on request."""


def take(page: Page, name: str) -> None:
    """One picture of what is seen."""
    expect(page.locator(".skeleton")).to_have_count(0)
    page.mouse.move(0, 0)
    page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")
    print(f"docs/images/{name}.png")


def story(page: Page) -> None:
    """Sign in, look at everything, break something."""
    page.goto("/")
    page.get_by_test_id("sign-in").click()
    page.get_by_role("button", name=re.compile("Ada")).click()
    expect(page.get_by_test_id("event-card").first).to_be_visible()
    take(page, "demo-events")
    page.goto("/session")
    expect(page.get_by_test_id("renewals")).to_have_text("0")
    page.wait_for_timeout(IMPATIENT_MS)
    page.get_by_test_id("renew-now").click()
    expect(page.get_by_test_id("renewals")).to_have_text("1")
    page.get_by_role("button", name="Request log").click()
    take(page, "demo-session")
    page.emulate_media(color_scheme="dark")
    page.goto("/see")
    take(page, "demo-see-dark")
    page.goto("/bench")
    page.get_by_test_id("trial").filter(has_text="API answers 503").get_by_role("button").click()
    page.get_by_role("button", name="Request log").click()
    take(page, "demo-bench-dark")
    page.emulate_media(color_scheme="light")


RENEW = "() => fetch('/bff/refresh', { method: 'POST', headers: { 'BFF-Session': 'any' } })"


def end(page: Page, stack: Stack) -> None:
    """The session ends while a form is being filled in; the form stays."""
    page.goto("/leads/new")
    page.get_by_label("Name", exact=True).fill("Katherine Johnson")
    page.get_by_label("Company").fill("Langley")
    page.get_by_label("E-mail").fill("katherine@langley.example")
    page.get_by_label("What did you talk about?").fill("Kiosks that work on a train.")
    with page.expect_response("**/bff/events"):
        page.reload()
    fault(stack, fault="error", error="invalid_grant", count=1)
    page.wait_for_timeout(IMPATIENT_MS)
    page.evaluate(RENEW)
    dialog(page, ENDED)
    take(page, "demo-ended")


def review(page: Page, reference: str) -> None:
    """A reviewer's first visit, page by page; ``reference`` is a session with something to see."""
    page.set_viewport_size({"width": BROAD, "height": TALL})
    page.goto("/bff/console/")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=re.compile("Ada")).click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    looks = (
        ("", "overview", "Overview"),
        ("sessions", "sessions", "Sessions"),
        ("refreshes", "refreshes", "Refresh history"),
        ("audit", "audit", "Audit trail"),
        ("alerts", "alerts", "Alerts"),
        ("runbook?rule=handle_replayed", "runbook", "Runbook"),
        ("user?subject=grace", "user", "Grace Hopper"),
        ("posture", "posture", "Posture"),
    )
    for path, name, heading in looks:
        page.goto(f"/bff/console/{path}")
        expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        if name == "audit":
            expect(page.get_by_text("chain intact")).to_be_visible()
        take(page, f"console-{name}")
    page.goto(f"/bff/console/sessions/{reference}")
    expect(page.get_by_role("heading", name="Access token")).to_be_visible()
    page.set_viewport_size({"width": BROAD, "height": 1_060})
    take(page, "console-session")
    page.set_viewport_size({"width": BROAD, "height": TALL})
    page.get_by_role("button", name="End session…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    take(page, "console-end")
    dialog.get_by_label("Reason").fill("Laptop stolen")
    dialog.get_by_role("button", name="End session").click()
    expect(dialog.get_by_role("status")).to_contain_text("ended")
    take(page, "console-receipt")


def console(stack: Stack, browser: Browser) -> None:
    """After a day at a small company, in a Redis of its own making."""
    stack.stop("bff")
    reference = fill_for(stack.folder / "bff.toml", stack.redis_port)
    stack.restart("bff")
    context = browser.new_context(base_url=stack.bff.url)
    review(context.new_page(), reference)
    context.close()


def main() -> None:
    """A stack of its own, one browser."""
    stack = Stack(Path(tempfile.mkdtemp()))
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    IMAGES.mkdir(parents=True, exist_ok=True)
    try:
        stack.start()
        stack.add_bff()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=found, args=QUIET_BROWSER)
            page = browser.new_page(
                base_url=stack.bff.url, viewport={"width": WIDE[0], "height": WIDE[1]}
            )
            if sys.argv[1:] != ["console"]:
                story(page)
                end(page, stack)
            console(stack, browser)
            browser.close()
    finally:
        stack.end()


if __name__ == "__main__":
    main()
