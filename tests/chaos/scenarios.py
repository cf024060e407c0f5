"""What is done to real processes, and what must hold all the same. Each scenario returns one row of the table."""

import random
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from math import comb
from typing import Any

from tests.chaos.ground import Ground, Row, call, calls, until, until_renewed
from tests.e2e.api_browser import ApiBrowser


def storm(ground: Ground, expiries: int, at_once: int, life: float = 9.0) -> Row:
    """Every expiry of a short token met by many calls at once, at every process."""
    ground.good_weather()
    ground.fault(fault="expires_in", seconds=life)
    browsers, failed, slowest = ground.browsers(), 0, 0.0
    for _ in range(expiries):
        time.sleep(life)  # counted from the last call of the last batch: surely expired
        statuses, seconds = calls(browsers, at_once)
        failed += sum(status != 200 for status in statuses)
        slowest = max(slowest, seconds)
    grants, reuse = ground.grants(), ground.reuse()
    ground.leave(browsers)
    figures = {
        "processes": len(browsers),
        "expiries": expiries,
        "calls": expiries * at_once,
        "grants": grants,
        "reuse": reuse,
        "failed": failed,
        "slowest call s": round(slowest, 2),
    }
    held = (grants, reuse, failed) == (expiries, 0, 0)
    return Row(f"{at_once} parallel calls at each expiry", figures, held)


def bad_provider(ground: Ground, name: str, lasts: float, fault: Mapping[str, object]) -> Row:
    """Calls while the provider has a bad time and the token is valid: none waits, none fails; then it renews."""
    life = 3 * lasts + 30
    browsers = ground.with_token(life)
    time.sleep(life * 2 / 3 + 0.5)
    ground.fault(grant="refresh_token", **fault)
    failed, made, seconds = 0, 0, [0.0]
    until_then = time.monotonic() + lasts
    while time.monotonic() < until_then:
        statuses, slowest = calls(browsers, 200)
        failed += sum(status != 200 for status in statuses)
        made += len(statuses)
        seconds.append(slowest)
        time.sleep(2)
    ground.no_faults()
    renewed = until_renewed(browsers[0], 100)
    requests, grants, reuse = ground.requests(), ground.grants(), ground.reuse()
    ground.leave(browsers)
    figures = {
        "processes": len(browsers),
        "lasted s": lasts,
        "calls": made,
        "failed": failed,
        "slowest call s": round(max(seconds), 2),
        "requests to the provider": requests,
        "grants": grants,
        "reuse": reuse,
    }
    held = (failed, grants, reuse, renewed) == (0, 1, 0, True)
    return Row(f"provider {name}, token valid", figures, held)


def down_past_expiry(ground: Ground, lasts: float) -> Row:
    """The token has expired and the provider is down: 503 with Retry-After, never the end."""
    browsers = ground.past_expiry()
    ground.fault(fault="status", status=503, retry_after=2, grant="refresh_token")
    answers: Counter[str] = Counter()
    until_then = time.monotonic() + lasts
    while time.monotonic() < until_then:
        for browser in browsers:
            answer = browser.send("GET", "/api/me")
            polite = "with" if int(answer.headers.get("retry-after", 0)) >= 1 else "without"
            answers[f"{answer.status_code} {polite} Retry-After"] += 1
        time.sleep(0.2)
    ground.no_faults()
    renewed = until_renewed(browsers[0], 100)
    requests, grants = ground.requests(), ground.grants()
    ground.leave(browsers)
    figures = {
        "lasted s": lasts,
        "answers": dict(answers),
        "requests to the provider": requests,
        "renewed afterwards": renewed,
    }
    polite_only = set(answers) == {"503 with Retry-After"}
    held = polite_only and renewed and grants == 1 and requests < answers.total() / 2
    return Row("provider down, token expired", figures, held)


def lost_answer(ground: Ground) -> Row:
    """The provider rotates and the connection breaks: tried once more, ended with its reason, never a loop."""
    browsers = ground.past_expiry()
    ground.fault(fault="drop_after_grant", grant="refresh_token", count=1)
    seen: Counter[str] = Counter()

    def ended() -> bool:
        answer = browsers[-1].send("GET", "/api/me")
        seen[answer.headers.get("bff-error", str(answer.status_code))] += 1
        return seen["reauth_required"] > 0

    over = until(ended, 60, 0.25)
    again = browsers[0].sign_in()["authenticated"]
    requests = ground.requests()
    ground.leave(browsers)
    figures = {"ended": over, "requests to the provider": requests, "clean sign-in after": again}
    return Row("connection dropped after the grant", figures, over and again and requests == 2)


def soon_is_not_slower(ground: Ground, rounds: int, at_once: int, life: float = 15.0) -> Row:
    """Two sessions side by side, one of them being renewed, their calls mixed at random in each burst.

    The provider holds the renewal until the burst is over, so whoever waited for it would hang.
    Same instants, same processes, same load: whatever slows one session down slows the other. The
    slowest call of each in each burst makes a pair; a sign test over the pairs asks whether the
    renewing session's is the slower one more often than chance would have it.
    """
    ground.good_weather()
    quiet = ground.browsers()
    ground.fault(fault="expires_in", seconds=life)
    renewing = ground.browsers()
    pairs: list[tuple[float, float]] = []
    statuses: Counter[int] = Counter()
    under_way, asked_at = 0, time.monotonic()
    for number in range(rounds):
        ground.fault(fault="expires_in", seconds=life)
        ground.fault(fault="slow", seconds=120, grant="refresh_token")
        time.sleep(max(0.0, asked_at + life * 2 / 3 + 0.2 - time.monotonic()))
        asked_at = time.monotonic()
        calm, busy, answers = _mixed_burst(quiet, renewing, at_once, random.Random(number))
        under_way += ground.grants() == number and ground.requests() == number + 1
        pairs.append((calm, busy))
        statuses.update(answers)
        ground.no_faults()
        until_renewed(renewing[0], 60, least=number + 1)
    ground.no_faults()
    ground.leave(quiet)
    ground.leave(renewing)
    slower = sum(busy > calm for calm, busy in pairs)
    by_chance = sum(comb(rounds, k) for k in range(slower, rounds + 1)) / 2**rounds
    failed = statuses.total() - statuses[200]
    figures = {
        "processes": len(quiet),
        "bursts": rounds,
        "renewal under way until the burst was over": under_way,
        "failed": failed,
        "slowest call, median over bursts: quiet session s": _median(calm for calm, _ in pairs),
        "renewing session s": _median(busy for _, busy in pairs),
        "renewing one slower in": slower,
        "as often by chance, p": round(by_chance, 3),
    }
    held = (under_way, failed) == (rounds, 0) and by_chance >= 0.01
    return Row(f"{at_once} parallel calls while a renewal is under way", figures, held)


def _median(seconds: Iterable[float]) -> float:
    return round(statistics.median(seconds), 3)


def _mixed_burst(
    quiet: list[ApiBrowser], renewing: list[ApiBrowser], at_once: int, dice: random.Random
) -> tuple[float, float, list[int]]:
    """The slowest call of each session, and all statuses."""
    asked = [(side, browser) for side, group in enumerate((quiet, renewing)) for browser in group]
    asked = asked * (at_once // len(asked))
    dice.shuffle(asked)
    with ThreadPoolExecutor(at_once) as pool:
        answers = list(pool.map(call, [browser for _, browser in asked]))
    slowest = [
        max(seconds for (of, _), (_, seconds) in zip(asked, answers, strict=True) if of == side)
        for side in (0, 1)
    ]
    return slowest[0], slowest[1], [status for status, _ in answers]


def logout_race(ground: Ground, rounds: int, *, back_channel: bool) -> Row:
    """Sign-out and refresh at the same moment, at different processes: never a resurrection."""
    ground.good_weather()
    risen, results = 0, Counter[str]()
    for number in range(rounds):
        before = ground.stored("session").keys()
        browsers = ground.browsers()
        with ThreadPoolExecutor(2) as pool:
            renewing = pool.submit(browsers[0].send, "POST", "/bff/refresh")
            time.sleep((number % 10) / 500)
            if back_channel:
                ending: Any = pool.submit(
                    ground.stack.ask, "provider", "POST", "/__backchannel-logout", {"sub": "ada"}
                )
            else:
                ending = pool.submit(browsers[-1].send, "POST", "/bff/logout")
            results["renewed" if renewing.result().status_code == 200 else "ended first"] += 1
            ending.result()
        for browser in browsers:
            risen += browser.send("GET", "/api/me").status_code == 200
        risen += len(ground.stored("session").keys() - before)
        ground.leave(browsers)
    figures = {"rounds": rounds, **results, "grants": ground.grants(), "resurrections": risen}
    how = "back-channel logout" if back_channel else "sign-out"
    return Row(f"{how} racing refresh", figures, risen == 0)
