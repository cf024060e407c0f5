"""The levers, for tests and demonstrations.

POST /__faults   one fault or a list; GET: those in force; DELETE: none any more
GET /__stats     what happened; DELETE: count anew
POST /__reset    the first events and leads again, no faults, no counts
"""

from typing import Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency

from upstream_mocks.api.answers import problem_answer
from upstream_mocks.api.faults import Fault
from upstream_mocks.api.party import Api
from upstream_mocks.api.records import Records
from upstream_mocks.api.stats import Stats

CONTROL = {"control": True}
READER = msgspec.json.Decoder(list[Fault])


@post("/__faults", status_code=200, opt=CONTROL)
async def add_faults(request: Request[Any, Any, Any], api: NamedDependency[Api]) -> Response[Any]:
    """Script a bad day."""
    raw = (await request.body()).strip() or b"null"
    try:
        api.faults.add(READER.decode(raw if raw.startswith(b"[") else b"[" + raw + b"]"))
    except msgspec.DecodeError as error:
        return problem_answer(400, str(error))
    return Response(api.faults.in_force, status_code=200)


@get("/__faults", opt=CONTROL)
async def list_faults(api: NamedDependency[Api]) -> Response[Any]:
    """Those in force, with the times left."""
    return Response(api.faults.in_force)


@delete("/__faults", status_code=200, opt=CONTROL)
async def clear_faults(api: NamedDependency[Api]) -> Response[Any]:
    """Good weather."""
    api.faults.clear()
    return Response([])


@get("/__stats", opt=CONTROL)
async def show_stats(api: NamedDependency[Api]) -> Response[Any]:
    """What happened since the start, or since DELETE; ``held``: requests held back right now."""
    return Response({**api.stats.as_dict(), "held": api.faults.holding.held})


@delete("/__stats", status_code=200, opt=CONTROL)
async def reset_stats(api: NamedDependency[Api]) -> Response[Any]:
    """Count anew."""
    api.stats = Stats()
    return Response(api.stats.as_dict())


@post("/__reset", status_code=200, opt=CONTROL)
async def reset(api: NamedDependency[Api]) -> Response[Any]:
    """As if just started."""
    api.faults.clear()
    api.records, api.stats = Records(api.now()), Stats()
    return Response({})
