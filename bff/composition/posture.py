"""The posture of a running process: its settings, what it is made of, and the leak test on record."""

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec

from bff.audit.rows import PostureRow
from bff.settings.model import Settings
from bff.settings.posture import posture
from bff.settings.surface import LeakTest, leak_test, metadata_age, surface, versions

PRODUCT = "cookie-bff"
PARTS = (
    "litestar",
    "uvicorn",
    "httpx",
    "redis",
    "msgspec",
    "cryptography",
    "PyJWT",
    "itsdangerous",
)
"""Whose advisories a reviewer reads."""


def posture_rows(
    settings: Settings, now: float, metadata: tuple[float | None, bool] | None = None
) -> tuple[PostureRow, ...]:
    """Every row; those of an area lie together.

    ``now``: Unix seconds. ``metadata``: when a running process fetched the provider's, and whether
    it failed to fetch a newer one.
    """
    found = {
        PRODUCT: version(PRODUCT),
        "Python": platform.python_version(),
        **{part: version(part) for part in PARTS},
    }
    rows = [
        *posture(settings, today=datetime.fromtimestamp(now, UTC).date()),
        *surface(settings),
        *versions(found),
        *(() if metadata is None else (metadata_age(metadata[0], failing=metadata[1], now=now),)),
        leak_test(_on_record(settings.review.leak_test), version=found[PRODUCT], now=now),
    ]
    areas = list(dict.fromkeys(row.area for row in rows))
    return tuple(sorted(rows, key=lambda row: areas.index(row.area)))


def _on_record(path: str | None) -> LeakTest | None:
    """What the file says; None without one, and for one that says something else."""
    if path is None:
        return None
    try:
        return msgspec.json.decode(Path(path).read_bytes(), type=LeakTest)
    except (OSError, msgspec.MsgspecError):
        return None
