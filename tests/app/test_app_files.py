"""The built page as browsers get it: kept, compressed, asked for again; and its dev server, when there is one."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bff.app import create_app
from bff.settings.read import SettingsInvalid, load_settings

ROOT = Path(__file__).parents[2]
ORIGIN = "http://localhost:8700"
SCRIPT = b"export const nothing = 0\n" * 100


def config(**replaced: str) -> str:
    """The demo's file, a few words changed."""
    text = (ROOT / "bff.toml").read_text()
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The app over a small page of its own."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/app-8f3a.js").write_bytes(SCRIPT)
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / "index.html").write_text("<!doctype html><title>Page</title>")
    settings, _ = load_settings(
        config(**{"web/apps/demo/dist": str(tmp_path)}), {}, lambda name: name
    )
    transport = httpx.ASGITransport(create_app(settings))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as http:
        yield http


async def test_what_carries_its_hash_is_kept_for_ever_and_sent_small(
    client: httpx.AsyncClient,
) -> None:
    """Gzip for those who take it, plain for those who do not, and the same tag for both."""
    small = await client.get("/assets/app-8f3a.js", headers={"accept-encoding": "br, gzip"})
    assert small.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert small.headers["content-encoding"] == "gzip"
    assert small.headers["vary"] == "accept-encoding"
    assert int(small.headers["content-length"]) == len(gzip.compress(SCRIPT, 9, mtime=0))
    assert small.content == SCRIPT
    for refused in ("identity", "br", "gzip;q=0, *"):
        plain = await client.get("/assets/app-8f3a.js", headers={"accept-encoding": refused})
        assert "content-encoding" not in plain.headers
        assert plain.content == SCRIPT
        assert plain.headers["etag"] == small.headers["etag"]


async def test_what_carries_no_hash_is_asked_for_again_and_not_sent_again(
    client: httpx.AsyncClient,
) -> None:
    """304 for the tag that was given."""
    first = await client.get("/icon.svg")
    assert (first.status_code, first.headers["cache-control"]) == (200, "no-cache")
    again = await client.get("/icon.svg", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = await client.get("/icon.svg", headers={"if-none-match": 'W/"other"'})
    assert other.status_code == 200


@pytest.mark.req("N117")
async def test_the_page_is_never_kept_and_stands_for_every_route_of_the_app(
    client: httpx.AsyncClient,
) -> None:
    """No tag, no-store; a file that is not there is no page."""
    for path in ("/", "/events/aurora-2026", "/a.b/c"):
        page = await client.get(path)
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
        assert "etag" not in page.headers
        assert "<title>Page</title>" in page.text
    assert (await client.get("/assets/gone.js")).status_code == 404


@pytest.mark.req("N125")
def test_the_dev_server_is_refused_outside_development() -> None:
    """By its greppable name; and what is no origin is refused anywhere."""
    with_dev = config(**{"[app]": '[app]\nunsafe_dev_server = "http://localhost:5173"'})
    load_settings(with_dev, {}, lambda name: name)
    with pytest.raises(SettingsInvalid, match=r"app\.unsafe_dev_server"):
        load_settings(
            with_dev.replace("development = true\n", "development = false\n", 1),
            {},
            lambda name: name,
        )
    with pytest.raises(SettingsInvalid, match=r"app\.unsafe_dev_server: expected an origin"):
        load_settings(with_dev.replace(":5173", ":5173/page"), {}, lambda name: name)


async def test_a_dev_server_that_is_away_is_a_problem_with_a_name() -> None:
    """502, and what is ours is served all the same."""
    text = config(**{"[app]": '[app]\nunsafe_dev_server = "http://127.0.0.1:2"'})
    settings, _ = load_settings(text, {}, lambda name: name)
    transport = httpx.ASGITransport(create_app(settings))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as http:
        away = await http.get("/src/main.tsx")
        assert (away.status_code, away.headers["bff-error"]) == (502, "upstream_unreachable")
        assert (await http.get("/bff/popup-done.js")).status_code == 200
        assert (await http.post("/")).status_code == 405
