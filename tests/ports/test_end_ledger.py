"""One suite for the port EndLedger: the fake that flow tests trust, and Redis."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from bff.adapters.redis_ends import RedisEndLedger
from bff.audit.acts import Receipt
from bff.audit.end_orders import Batch, Order
from bff.flows.bulk_end_ports import EndLedger
from tests.flows.fake_ends import MemoryEndLedger

REFS = [f"s_{number}" for number in range(5)]


class Wall:
    """The port Clock, and what a test adds to it."""

    offset = 0.0

    def now(self) -> float:
        return time.time() + self.offset


class Ground:
    """A ledger, and how its leases run out."""

    def __init__(self, ledger: EndLedger, clock: Wall, redis: Any) -> None:
        self.ledger, self.clock, self.redis = ledger, clock, redis

    async def lease_runs_out(self) -> None:
        """As if its worker had been silent for too long."""
        self.clock.offset += 60
        await self.redis.delete("bff:{ends}:held:e_1")


@pytest.fixture(params=["memory", "redis"])
async def ground(request: pytest.FixtureRequest, redis_port: int) -> AsyncIterator[Ground]:
    """The port, twice."""
    clock = Wall()
    async with Redis(port=redis_port, protocol=2) as redis:
        await redis.flushall()
        real = request.param == "redis"
        ledger = RedisEndLedger(redis, prefix="bff") if real else MemoryEndLedger(clock)
        await ledger.begin(an_order("e_1", clock.now()), REFS, "w1")
        yield Ground(ledger, clock, redis)


def an_order(order_id: str, at: float) -> Order:
    """Of Rita's."""
    return Order(
        id=order_id, by="rita", issuer="i", reason="x", own_ref="", total=len(REFS), began_at=at
    )


def a_receipt(ref: str, *, deleted: bool = True, valid: float = 7) -> Receipt:
    """Of one that ended."""
    return Receipt(
        ref=ref, subject="eve", deleted=deleted, revocation="revoked", stays_valid_seconds=valid,
        own=False,
    )  # fmt: skip


@pytest.mark.req("N57")
async def test_an_order_is_worked_off_in_its_order(ground: Ground) -> None:
    """Receipts take the place of references; the end is known once."""
    ledger, now = ground.ledger, ground.clock.now
    assert await ledger.take("e_1", "w1", 3) == Batch(REFS[:3], 0)
    receipts = [a_receipt(ref, deleted=ref != "s_1", valid=7.5) for ref in REFS[:3]]
    assert await ledger.wrote("e_1", "w1", receipts, now())
    found = await ledger.progress("e_1")
    assert found is not None
    assert (found.done, found.ended, found.longest, found.held) == (3, 2, 7.5, True)
    assert not await ledger.finish("e_1", "w1", now())
    assert await ledger.take("e_1", "w1", 3) == Batch(REFS[3:], 0)
    assert await ledger.wrote("e_1", "w1", [a_receipt(ref) for ref in REFS[3:]], now())
    assert await ledger.take("e_1", "w1", 3) == Batch([], 0)
    assert await ledger.finish("e_1", "w1", now())
    assert not await ledger.finish("e_1", "w1", now())
    found = await ledger.progress("e_1")
    assert found is not None
    assert found.finished_at is not None
    assert not found.held
    assert [one.ref for one in await ledger.receipts("e_1", 1, 3)] == REFS[1:4]


@pytest.mark.req("N57")
async def test_one_worker_at_a_time_and_what_was_tried_is_remembered(ground: Ground) -> None:
    """Another one gets nothing until the lease has run out; then the first one writes nothing more."""
    ledger, now = ground.ledger, ground.clock.now
    await ledger.take("e_1", "w1", 2)
    assert await ledger.take("e_1", "w2", 2) is None
    await ground.lease_runs_out()
    found = await ledger.progress("e_1")
    assert found is not None
    assert not found.held
    assert await ledger.take("e_1", "w2", 3) == Batch(REFS[:3], 2)
    assert not await ledger.wrote("e_1", "w1", [a_receipt("s_0")], now())
    assert not await ledger.finish("e_1", "w1", now())
    assert await ledger.wrote("e_1", "w2", [a_receipt(ref) for ref in REFS[:3]], now())
    assert await ledger.take("e_1", "w2", 3) == Batch(REFS[3:], 0)


async def test_the_last_orders_are_known(ground: Ground) -> None:
    """Newest first; an unknown one is unknown."""
    await ground.ledger.begin(an_order("e_2", ground.clock.now() + 5), REFS, "w1")
    assert await ground.ledger.latest(5) == ["e_2", "e_1"]
    assert await ground.ledger.latest(1) == ["e_2"]
    assert await ground.ledger.progress("e_none") is None
