"""The documents' pictures, taken anew: ``python -m tests.e2e.pictures`` (make pictures)."""

import os
import re
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e.acceptance import ENDED, dialog, fault
from tests.e2e.conftest import BROWSERS, QUIET_BROWSER
from tests.e2e.processes import ROOT, Stack

IMAGES = ROOT / "docs/images"
WIDE = (1180, 720)
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


def review(page: Page) -> None:
    """A reviewer's first visit. The overview needs a day with figures and is taken by hand."""
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    page.goto("/bff/console/")
    for path, heading in (("audit", "Audit trail"), ("posture", "Posture")):
        page.goto(f"/bff/console/{path}")
        expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        take(page, f"console-{path}")
    page.goto("/bff/console/sessions")
    page.get_by_role("link", name=re.compile("^s_")).first.click()
    expect(page.get_by_role("heading", name="Access token")).to_be_visible()
    take(page, "console-session")
    page.get_by_role("button", name="End session…").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    take(page, "console-end")


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
            story(page)
            end(page, stack)
            page.get_by_role("button", name="Sign in and continue").click()
            review(page)
            browser.close()
    finally:
        stack.end()


if __name__ == "__main__":
    main()
