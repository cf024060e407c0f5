"""What a reviewer is told of one session that was to end."""

import math

from bff.audit.acts import Receipt
from bff.flows.ending import EndedAndTold, EndingFlow
from bff.flows.ports import Clock, SessionStore
from bff.session.model import EndReason, Ref


async def ended_by_ref(sessions: SessionStore, ending: EndingFlow, ref: str) -> EndedAndTold | None:
    """End it; None if there was none. Raises StoreUnavailable."""
    key = await sessions.key_of_ref(Ref(ref))
    return None if key is None else await ending.told(key, EndReason.ADMIN)


async def receipt(
    ref: str,
    ended: EndedAndTold | None,
    clock: Clock,
    *,
    wait_seconds: float,
    own: bool,
    tried_before: bool = False,
) -> Receipt:
    """What happened to it; ``pending`` if the provider has not answered after ``wait_seconds``.

    What is not there and was ``tried_before``, by a process that went away, may have ended then.
    """
    if ended is None:
        return Receipt(
            ref=ref,
            subject=None,
            deleted=tried_before,
            revocation="unknown" if tried_before else "none",
            stays_valid_seconds=0,
            own=own,
        )
    told = await ended.telling.wait(wait_seconds)
    return Receipt(
        ref=ref,
        subject=ended.session.core.subject,
        deleted=True,
        revocation=told or "pending",
        stays_valid_seconds=max(0, math.ceil(ended.session.tokens.expires_at - clock.now())),
        own=own,
    )
