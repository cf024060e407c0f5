"""The plan of a rotation: what to change in which order, so that no process meets a key it does not know."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bff.settings import values
from bff.settings.model import Settings

RINGS = ("signing", "sealing")


@dataclass(frozen=True, slots=True)
class Rotation:
    """One new key for one ring; with a ``file`` its folder, else it is shown."""

    ring: str
    key_id: str
    created: date
    material: str
    file: Path | None

    def path_in(self, folder: Path) -> Path:
        """Where it is written."""
        return folder / f"bff-{self.ring}-{self.key_id}"

    @property
    def variable(self) -> str:
        """What to call it in the environment."""
        return f"BFF_{self.ring}_KEY_{self.key_id}".upper().replace("-", "_")

    @property
    def entry(self) -> str:
        """Its line in the file."""
        where = (
            f'{{ env = "{self.variable}" }}'
            if self.file is None
            else f'{{ file = "{self.path_in(self.file).resolve()}" }}'
        )
        return f'{{ id = "{self.key_id}", key = {where}, created = {self.created.isoformat()} }},'


def plan(rotation: Rotation, settings: Settings, sources: Mapping[str, str]) -> str:
    """Three steps, as text for an operator."""
    kept = _entries(rotation.ring, settings, sources)
    where = (
        f"   {rotation.variable}={rotation.material}\n   goes into your secret store."
        if rotation.file is None
        else f"   The key is in {rotation.path_in(rotation.file).resolve()}, mode 0600: bring it to every machine."
    )
    verb = {"signing": "signs", "sealing": "seals"}[rotation.ring]
    return "\n".join(
        [
            f"A new key for the {rotation.ring} ring: {rotation.key_id}",
            "",
            "1. Let every process know the key before any uses it. Put it first, then restart them all:",
            where,
            _ring(rotation.ring, [rotation.entry, *kept]),
            "",
            f"2. When every process runs with it, put it last: the last key {verb}. Restart them all:",
            _ring(rotation.ring, [*kept, rotation.entry]),
            "",
            *_third_step(rotation.ring, settings),
            _ring(rotation.ring, [rotation.entry]),
        ]
    )


def _third_step(ring: str, settings: Settings) -> list[str]:
    if ring == "sealing":
        return [
            "3. Seal what is stored anew:  bff keys reseal",
            "   When  bff keys list --live  counts no session under the older keys, and ten minutes after",
            "   step 2 (sign-ins and sign-outs under way), take them out:",
        ]
    absolute = timedelta(seconds=values.session_limits(settings).absolute)
    return [
        "3. Cookies are signed anew as their sessions are renewed and looked at. After the longest life of",
        f"   a session ({absolute}) nobody can hold one signed with an older key: take those out:",
    ]


def _ring(ring: str, entries: list[str]) -> str:
    return "\n".join(["", f"     {ring} = [", *(f"       {entry}" for entry in entries), "     ]"])


def _entries(ring: str, settings: Settings, sources: Mapping[str, str]) -> list[str]:
    """The ring as it is in the file; a key written into the file itself is not repeated."""
    lines = []
    for number, entry in enumerate(getattr(settings.keys, ring)):
        how, _, name = sources.get(f"keys.{ring}[{number}].key", "file").partition(" ")
        where = f'{{ {how} = "{name}" }}' if name else '"... as it is ..."'
        made = f", created = {entry.created.isoformat()}" if entry.created else ""
        lines.append(f'{{ id = "{entry.id}", key = {where}{made} }},')
    return lines
