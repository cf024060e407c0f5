"""The reviewer's console as a page: served below its own path, its API a call like any other."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bff.app import create_app
from bff.settings.read import load_settings

ROOT = Path(__file__).parents[2]
ORIGIN = "http://localhost:8700"


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Calls the app with a console of two files."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>The console</title>")
    (tmp_path / "assets" / "a-1.js").write_text("export {}\n")
    text = (ROOT / "bff.toml").read_text().replace("web/apps/console/dist", str(tmp_path))
    settings, _ = load_settings(text, {}, lambda name: name)
    transport = httpx.ASGITransport(create_app(settings), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as http:
        yield http


@pytest.mark.parametrize("path", ["/bff/console", "/bff/console/", "/bff/console/sessions/s_1"])
async def test_every_view_of_the_console_is_its_shell(client: httpx.AsyncClient, path: str) -> None:
    """An address of the console is a page of its own, never kept."""
    answer = await client.get(path)
    assert answer.status_code == 200
    assert "The console" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_its_assets_are_kept_and_a_missing_one_is_no_page(client: httpx.AsyncClient) -> None:
    """A hashed file never changes; a stale page must not get HTML for a script."""
    found = await client.get("/bff/console/assets/a-1.js")
    assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (await client.get("/bff/console/assets/gone-2.js")).status_code == 404


@pytest.mark.req("N40", "N41")
async def test_its_api_is_a_call_and_needs_the_header(client: httpx.AsyncClient) -> None:
    """No page of another origin, and no plain navigation, reaches the review API."""
    answer = await client.get("/bff/console/api/sessions")
    assert answer.status_code == 403
    assert answer.headers["bff-error"] == "csrf_failed"
