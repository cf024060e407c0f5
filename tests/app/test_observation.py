"""Logs, metrics, and the operators' address."""

import asyncio
import json
from functools import partial
from typing import Any

import httpx
import pytest

from bff.adapters.event_loop import BackgroundTasks
from bff.adapters.metrics import Metrics
from bff.adapters.observation import LogTrail, configure_logs, without_secrets
from bff.audit import events, operations
from bff.audit.record import Record
from bff.endpoints.health import OperatorsApp

WHO = events.Who(at=1.0, ref="s_1", issuer="https://p.example", subject="ada")


@pytest.mark.req("N119", "N65")
def test_what_looks_like_a_secret_goes_out_as_asterisks() -> None:
    """In any depth."""
    line = {
        "a": "Bearer abcdef",
        "b": {"c": ["x eyJhbGciOiJSUzI1NiJ9.x"]},
        "d": 5,
        "e": "__Host-Http-bff=abc",
    }
    masked = json.dumps(without_secrets(None, "", line))
    for secret in ("abcdef", "eyJ", "=abc"):
        assert secret not in masked


@pytest.mark.req("N119", "S6")
def test_an_event_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    """CR and LF cannot end it."""
    metrics = Metrics()
    trail = LogTrail(configure_logs("info", "json"), metrics)
    trail.record(events.SessionEnded(at=1.0, subject="a\r\nb", reason="admin"))
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["audit"] == "session_ended"
    assert json.loads(line)["subject"] == "a\r\nb"


@pytest.mark.req("S11", "S10")
def test_every_event_is_counted() -> None:
    """By outcome, reason or signal; what should never happen as an alarm."""
    metrics = Metrics()
    renewed = {"trigger": "early", "generation": 1, "rotated": True, "seconds_left": 240.0, "latency": 0.1,
               "waiters": 3, "after_unknown": False}  # fmt: skip
    metrics.observe(events.SessionRenewed(**WHO, **renewed))  # type: ignore[arg-type]
    for unknown in (True, False):
        metrics.observe(events.RefreshFailed(**WHO, trigger="early", generation=1, reason="x", unknown=unknown,
                                             attempts=1, latency=0.1, waiters=0))  # fmt: skip
    metrics.observe(events.SignedIn(**WHO, replaced=False))
    metrics.observe(events.SignInFailed(at=1.0, reason="x"))
    metrics.observe(events.SessionEnded(**WHO, reason="admin"))
    metrics.observe(events.CsrfRefused(at=1.0, signal="origin", method="GET"))
    metrics.observe(events.HandleReplayed(**WHO, presented=0, generation=2))
    text = metrics.render(shared=False)[0].decode()
    for line in ('bff_sessions_ended_total{reason="admin"} 1.0', 'bff_csrf_refused_total{signal="origin"} 1.0',
                 'bff_alarms_total{kind="authn_token_reuse"} 1.0', "bff_refresh_waiters_sum 3.0"):  # fmt: skip
        assert line in text


@pytest.mark.req("N125")
async def test_the_operators_address_says_what_is_missing() -> None:
    """Alive, ready or not and why, metrics; nothing else."""
    away = True

    async def redis() -> None:
        if away:
            raise ConnectionError

    app = OperatorsApp({"redis": redis}, lambda: (b"metric 1\n", "text/plain"))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://operators") as operator:
        assert (await operator.get("/healthz")).status_code == 200
        answer = await operator.get("/readyz")
        assert (answer.status_code, answer.json()["redis"]) == (503, "ConnectionError")
        away = False
        assert (await operator.get("/readyz")).status_code == 200
        assert (await operator.get("/metrics")).text == "metric 1\n"
        assert (await operator.get("/")).status_code == 404


async def test_work_that_nobody_waits_for_is_drained_and_its_failure_logged() -> None:
    """What can finish finishes; the rest is cut off, and counted."""
    failures: list[str] = []

    class Log:
        def error(self, event: str, **fields: object) -> None:
            failures.append(f"{event} {fields['work']}")

    background = BackgroundTasks(Log())

    async def fine() -> int:
        await background.pause(0)
        return 5

    async def fails() -> None:
        raise ValueError

    async def forever() -> None:
        await background.pause(1e9)

    one = background.start("fine", fine())
    background.start("fails", fails())
    endless: Any = background.start("forever", forever())
    assert await endless.wait(0) is None
    assert await one.wait(5) == 5
    assert await background.drain(0.01) == 1
    assert failures == ["background_work_failed fails"]


async def test_work_for_later_begins_when_its_time_has_come_unless_it_is_called_off() -> None:
    """Before it begins and after; what is called off in time is never even made."""
    background = BackgroundTasks(configure_logs("info", "json"))
    begun: list[str] = []
    cut_off: list[str] = []

    async def work(name: str) -> None:
        begun.append(name)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cut_off.append(name)
            raise

    call_off_soon = background.later(0, "soon", partial(work, "soon"))
    background.later(0, "never", partial(work, "never"))()
    while not begun:
        await background.pause(0)
    assert begun == ["soon"]
    call_off_soon()
    assert await background.drain(5) == 0
    assert cut_off == ["soon"]


@pytest.mark.req("N65", "N119", "N122")
def test_a_traceback_tells_where_and_nothing_of_what_was_in_hand(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Local variables of a frame are not written down: a refresh token has no shape to be masked by."""
    log = configure_logs("info", "json")

    def renew(refresh_token: str) -> None:
        assert refresh_token
        raise RuntimeError("unforeseen")

    try:
        renew("opaque-and-secret")
    except RuntimeError:
        log.exception("unexpected_error")
    line = capsys.readouterr().out
    assert "RuntimeError" in line
    assert "renew" in line
    assert "opaque-and-secret" not in line


@pytest.mark.req("N119", "S8")
def test_what_a_reviewer_pastes_into_a_search_is_not_kept(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Neither in the log nor in the trail."""
    kept: list[Record] = []
    trail = LogTrail(configure_logs("info", "json"), Metrics(), sink=kept.append)
    token = "eyJhbGciOiJSUzI1NiJ9.payload.signature"
    trail.record(operations.Looked(at=1.0, actor="rita", page="audit", query=f"q={token}"))
    assert kept[0].details["query"] == "q=***"
    assert "eyJ" not in capsys.readouterr().out
