"""Kill -9 of the process that renews, at each step of a refresh; another process takes over."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.chaos.ground import Ground, Row, quietly, until
from tests.chaos.redis_gate import JOURNAL, LOCK, RELEASE, REPLACE, Side
from tests.e2e.api_browser import ApiBrowser

SURVIVED, LOST = "survived", "refresh_outcome_lost"


@dataclass(frozen=True)
class Step:
    """A moment of a refresh, how to catch it, and what must become of the session."""

    when: str
    expected: str
    why: str
    at_redis: tuple[str, Side] | None = None
    at_provider: tuple[str, ...] = ()


STEPS = {
    "lock asked": Step(
        "before the lock is taken",
        SURVIVED,
        "nothing had begun: the next request renews",
        at_redis=(LOCK, "there"),
    ),
    "locked": Step(
        "lock taken, journal not written",
        SURVIVED,
        "the lock runs out with its lease; nothing was asked",
        at_redis=(JOURNAL, "there"),
    ),
    "journaled": Step(
        "journal written, grant not sent",
        SURVIVED,
        "outcome unknown: the stored refresh token is tried once, and works",
        at_redis=(JOURNAL, "back"),
    ),
    "asked": Step(
        "grant sent, provider has not acted",
        SURVIVED,
        "as above",
        at_provider=("slow", "drop_before"),
    ),
    "granted": Step(
        "provider acted, answer not received",
        LOST,
        "the new refresh token exists nowhere; the old one is tried once, and refused",
        at_provider=("stall_after_grant",),
    ),
    "answered": Step(
        "answer received, not written",
        LOST,
        "the new tokens existed in the dead process only",
        at_redis=(REPLACE, "there"),
    ),
    "written": Step(
        "written, the process does not know it yet",
        SURVIVED,
        "the new tokens are stored: the next request adopts them",
        at_redis=(REPLACE, "back"),
    ),
    "done": Step(
        "written, lock not released",
        SURVIVED,
        "as above; the lock runs out with its lease",
        at_redis=(RELEASE, "there"),
    ),
}


def killed(ground: Ground, name: str) -> Row:
    """One step: catch it, kill, and see what another process makes of it."""
    step = STEPS[name]
    graves = set(ground.stored("ended"))
    browsers = ground.past_expiry()
    with ThreadPoolExecutor(1) as pool:
        _kill_at(ground, step, lambda: pool.submit(quietly, browsers[0]))
    died = time.monotonic()
    served = _taken_over(browsers[-1])
    took = time.monotonic() - died
    dug = [text for grave, text in ground.stored("ended").items() if grave not in graves]
    session = SURVIVED if served else ", ".join(json.loads(text)["reason"] for text in dug)
    requests, reuse = ground.requests(), ground.reuse()
    ground.leave(browsers)
    ground.stack.restart("bff0")
    figures = {
        "session": session,
        "reason": step.why,
        "decided after s": round(took, 1),
        "requests to the provider": requests,
    }
    tried_once = requests <= 2 and reuse == (step.expected == LOST)
    return Row(f"kill -9: {step.when}", figures, session == step.expected and tried_once)


def _kill_at(ground: Ground, step: Step, start: Callable[[], object]) -> None:
    if step.at_redis:
        with ground.gate.catch(*step.at_redis) as caught:
            start()
            caught.wait()
            ground.stack.kill("bff0")
            caught.drop()
        return
    for fault in step.at_provider:
        ground.fault(fault=fault, seconds=120, grant="refresh_token", count=1)
    start()
    assert until(lambda: ground.stats()["held"] == 1, 30), "the provider was never asked"
    ground.stack.kill("bff0")
    ground.no_faults()


def _taken_over(browser: ApiBrowser) -> bool:
    """Whether the session is served again, or has ended."""
    statuses = [0]

    def decided() -> bool:
        statuses.append(quietly(browser))
        return statuses[-1] in {200, 401}

    assert until(decided, 60, 0.25), f"neither served nor ended: {statuses[-1]}"
    return statuses[-1] == 200
