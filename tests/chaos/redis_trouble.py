"""Redis in trouble exactly while new tokens are on their way to it: the session lives on, and the provider is asked once."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from redis import Redis

from tests.chaos.ground import Ground, Row, quietly, until_renewed
from tests.chaos.redis_gate import REPLACE, Catch, Side
from tests.e2e.processes import Stack

SECONDS = 3.0


def paused(stack: Stack, caught: Catch) -> None:
    """SIGSTOP, the write sent into the silence, SIGCONT."""
    stack.pause("redis")
    caught.let_go()
    time.sleep(SECONDS)
    stack.resume("redis")


def restarted(stack: Stack, caught: Catch) -> None:
    """Kill -9, and some seconds without it."""
    time.sleep(1.1)  # what was written before is on disk
    stack.kill("redis")
    caught.let_go()
    time.sleep(SECONDS)
    stack.restart("redis")


def refusing_writes(stack: Stack, caught: Catch) -> None:
    """Reads answer, writes fail, as after a failover without replicas."""
    with Redis(port=stack.redis_port) as redis:
        redis.config_set("min-replicas-to-write", 1)
        caught.let_go()
        time.sleep(SECONDS)
        redis.config_set("min-replicas-to-write", 0)


def losing_it(_stack: Stack, caught: Catch) -> None:
    """The connection breaks."""
    caught.drop()


TROUBLES: dict[str, tuple[Callable[[Stack, Catch], None], Side]] = {
    "paused": (paused, "there"),
    "restarted": (restarted, "there"),
    "refusing writes": (refusing_writes, "there"),
    "losing the write": (losing_it, "there"),
    "losing the answer to the write": (losing_it, "back"),
}


def redis_in_trouble(ground: Ground, how: str) -> Row:
    """The new tokens wait in memory until Redis takes them."""
    trouble, side = TROUBLES[how]
    browsers = ground.past_expiry()
    with ThreadPoolExecutor(1) as pool, ground.gate.catch(REPLACE, side) as caught:
        asking = pool.submit(quietly, browsers[0])
        caught.wait()
        trouble(ground.stack, caught)
        status = asking.result()
    renewed = until_renewed(browsers[-1], 60)
    grants, reuse = ground.grants(), ground.reuse()
    ground.leave(browsers)
    figures = {"renewed": renewed, "the waiting call": status, "grants": grants, "reuse": reuse}
    return Row(f"Redis {how} during a refresh", figures, renewed and (grants, reuse) == (1, 0))
