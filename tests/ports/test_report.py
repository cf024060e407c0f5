"""bff report, over a real Redis: one file, whole, and nothing in it that could act or be stolen."""

import asyncio
import re
import time
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from redis import Redis

from bff.audit import events, operations
from bff.audit.chain import first_link, next_link
from bff.audit.record import Entry, record_of
from bff.audit.tally import MOST, STEPS, Tally
from bff.cli.program import main
from bff.composition import operations as house_of
from bff.settings.read import load_settings
from tests.builders import a_key, a_session

HOSTILE = "</td><script>alert(1)</script><img src=x onerror=alert(2)>\"'\r\n"
CANARY = "eyJhbGciOiJSUzI1NiJ9.canary"


class Reader(HTMLParser):
    """Which tags there are, with their attributes, and which text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def config(settings_file: Path) -> Path:
    """A settings file whose trail holds a bit of everything, told by somebody hostile."""
    asyncio.run(_happen(settings_file.read_text()))
    return settings_file


async def _happen(text: str) -> None:
    settings, _ = load_settings(text, {}, lambda name: Path(name).read_text())
    now = time.time()
    async with house_of.operations(settings) as house:
        tokens = {"access_token": CANARY, "issued_at": now, "expires_at": now + 900}
        core = {"created_at": now, "absolute_expires_at": now + 9_000}
        assert await house.stores.sessions.create(
            a_session(key=a_key(), core=core, tokens=tokens, touched_at=now)
        )
        who = events.Who(at=now - 5, ref="s_1", issuer="i", subject=HOSTILE)
        for event in (
            events.SignedIn(**who, replaced=False),
            events.SignInFailed(at=now - 5, reason="state"),
            events.CsrfRefused(at=now - 5, signal="origin", method="POST"),
            events.RateLimitHit(at=now - 5, limit="login"),
            events.HandleReplayed(**who, presented=1, generation=3),
            events.SessionEnded(**who, reason="handle_replayed", generation=3),
            operations.Acted(
                at=now - 5, actor=HOSTILE, action="sessions_end", count=1, note=HOSTILE + CANARY
            ),
            operations.AuditGap(at=now - 5, dropped=4, since=now - 9, cause="buffer_full"),
            events.SignedIn(at=now - 9 * 86_400, subject=HOSTILE, replaced=False),
        ):
            house.trail.record(event)
        await house.evidence.log.flush(10)
        for ago, live in ((3 * 86_400, 1_234), (400, 17)):
            five = house.evidence.names.five(now - ago)
            await house.world.redis.hset(five, "sessions", str(live))
        await house.evidence.alerts.prepare()
        await house.evidence.alerts.evaluate()


def run(config: Path, *words: str) -> Result:
    """One call of ``bff``."""
    return CliRunner().invoke(main, [*words, "--config", str(config)])


@pytest.mark.req("S11", "N119")
def test_a_report_is_one_file_that_can_neither_act_nor_tell_a_secret(
    config: Path, tmp_path: Path
) -> None:
    """No script, no address, no handler, whoever is in the trail; no token, though one was pasted into a note."""
    out = tmp_path / "report.html"
    result = run(config, "report", "--since", "7d", "--out", str(out))
    assert result.exit_code == 0, result.output
    text = out.read_text()
    read = Reader(text)
    assert {tag for tag, _ in read.tags}.isdisjoint(
        {"script", "img", "a", "link", "iframe", "form", "object"}
    )
    names = {name for _, attributes in read.tags for name in attributes}
    assert not [n for n in names if n.startswith("on") or n in {"src", "href", "style", "action"}]
    policies = [a["content"] for t, a in read.tags if t == "meta" and a.get("http-equiv")]
    assert policies[0] is not None
    assert policies[0].startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "url(" not in text
    assert "@import" not in text
    assert "canary" not in text
    assert "alert(1)" in read.text


@pytest.mark.req("S11", "S12")
def test_a_report_tells_the_figures_of_its_time_and_is_itself_told(config: Path) -> None:
    """What happened earlier is not counted; the gap is shown; the look at it is in the trail."""
    said = Reader(run(config, "report", "--out", "-").stdout).text
    for words in ("1sign-ins", "1failed sign-ins", "1superseded cookies used", "origin1", "login1",
                  "handle_replayed1", "The trail is intact.",
                  "It has gaps.", "1sessions live now", "cause buffer_full"):  # fmt: skip
        assert words in said, words
    assert re.search(r"in order: [0-9a-f]{64}", said)
    looked = run(config, "audit", "search", "--json", "event:sensitive_read").stdout
    assert '"page":"report"' in looked


@pytest.mark.req("S12")
def test_a_report_draws_sessions_over_time(config: Path) -> None:
    """An area of as many steps as the other plots, and its figures in words."""
    text = run(config, "report", "--since", "7d", "--out", "-").stdout
    assert "1,234 at most, 17 at the end" in Reader(text).text
    (path,) = re.findall(r'<path class="a" d="([^"]+)"', text)
    assert path.count("H") == STEPS
    hour = Reader(run(config, "report", "--since", "1h", "--out", "-").stdout).text
    assert "17 at most, 17 at the end" in hour


@pytest.mark.req("S12")
def test_a_report_of_an_edited_trail_says_so_and_fails(config: Path, redis_port: int) -> None:
    """Exit code 1, and the file is written all the same."""
    with Redis(port=redis_port) as redis:
        (name,) = redis.keys("*:trail")
        redis.xdel(name, redis.xrange(name)[2][0])
    result = run(config, "report", "--out", "-")
    assert result.exit_code == 1
    assert "The trail is not intact." in Reader(result.stdout).text


def test_a_span_is_hours_days_or_weeks(config: Path) -> None:
    """Anything else is told what it should be."""
    result = run(config, "report", "--since", "yesterday")
    assert result.exit_code == 2
    assert "12h, 7d or 4w" in result.output


def test_a_tally_is_of_bounded_size_whatever_it_reads() -> None:
    """Single events beyond the bound are counted alone."""
    tally, link = Tally(0.0, 1_000.0), first_link("c")
    for number in range(3 * MOST):
        acted = operations.Acted(at=float(number), actor="a", action="sessions_end", count=1)
        body = msgspec.json.encode(record_of(acted, None))
        link = next_link(b"k" * 32, link, body)
        tally.read(
            Entry(
                id=f"{number}-0",
                seq=number + 1,
                chain="c",
                number=number + 1,
                mac=link.mac,
                body=body,
            )
        )
    assert tally.events["authz_admin"] == 3 * MOST
    assert [one.seq for one in tally.told["acts"]] == list(range(2 * MOST + 1, 3 * MOST + 1))
    assert len(tally.over_time("authz_admin")) == STEPS
    assert sum(tally.over_time("authz_admin")) == 3 * MOST
