"""Many sessions to be ended: the order, how far it has come, the next of them."""

from collections.abc import Sequence

import msgspec


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Who wants whom ended, and why. ``own_ref`` is the session of who asks, if they have one."""

    id: str
    by: str
    issuer: str
    reason: str
    own_ref: str
    total: int
    began_at: float


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far an order has come; ``held`` says whether anybody works on it."""

    order: Order
    done: int
    ended: int
    longest: float
    updated_at: float
    finished_at: float | None
    held: bool


class Batch(msgspec.Struct, frozen=True):
    """The next references; of the first ``tried`` some may have been ended before, without a receipt."""

    refs: Sequence[str]
    tried: int
