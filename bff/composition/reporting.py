"""What a report rests on: the whole trail read and verified, alerts, posture, live sessions."""

from collections.abc import Callable
from dataclasses import dataclass

from bff.adapters.trail_figures import most_live
from bff.audit.chain import Verifier
from bff.audit.rows import AlertRow, PostureRow
from bff.audit.tally import STEPS, Tally
from bff.composition.evidence import fingerprint
from bff.composition.operations import Operations
from bff.composition.posture import posture_rows
from bff.settings import values
from bff.settings.model import Settings

EACH, ALERTS = 10_000, 500


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found beside the tally."""

    entries: int
    findings: list[str]
    live: int
    live_over_time: list[int]
    alerts: list[AlertRow]
    posture: tuple[PostureRow, ...]
    fingerprint: str


async def checked(
    house: Operations, settings: Settings, tally: Tally, progress: Callable[[int], None]
) -> Checked:
    """Read everything once; ``progress`` hears how far. Raises StoreUnavailable."""
    verifier, reader = Verifier(values.audit_key(settings)), house.evidence.reader
    verifier.anchor(await reader.heads())
    async for entry in reader.every():
        verifier.read(entry)
        tally.read(entry)
        if verifier.entries % EACH == 0:
            progress(verifier.entries)
    progress(verifier.entries)
    alerts, _ = await house.evidence.alerts.page(("new", "acknowledged", "closed"), None, ALERTS)
    counted = await reader.five_minutes(tally.since, tally.until)
    return Checked(
        entries=verifier.entries,
        findings=[str(finding) for finding in verifier.findings()],
        live=await house.stores.register.count(tally.until),
        live_over_time=most_live(counted, tally.since, tally.until, STEPS),
        alerts=alerts,
        posture=posture_rows(settings, tally.until),
        fingerprint=fingerprint(settings),
    )
