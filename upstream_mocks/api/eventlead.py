"""Events and leads, and who is asking."""

from typing import Any

import msgspec
from litestar import Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from upstream_mocks.api.answers import problem_answer
from upstream_mocks.api.party import Api, claims_of
from upstream_mocks.api.records import Event, Invalid, Lead

READ_EVENTS = {"scope": "events.read"}
READ_LEADS = {"scope": "leads.read"}
WRITE_LEADS = {"scope": "leads.write"}
NO_STORE = {"Cache-Control": "no-store"}


async def _given(request: Request[Any, Any, Any]) -> dict[str, object]:
    try:
        return msgspec.json.decode(await request.body(), type=dict[str, object])
    except msgspec.DecodeError as error:
        raise Invalid({"body": "Must be a JSON object."}) from error


def _found(what: Event | Lead | None) -> Response[Any]:
    return problem_answer(404, "No such thing.") if what is None else _answer(what)


def _answer(content: object, status: int = 200, **headers: str) -> Response[Any]:
    return Response(content, status_code=status, headers={**NO_STORE, **headers})


@get("/me")
async def me(request: Request[Any, Any, Any]) -> Response[Any]:
    """What the token said, as far as it is anybody's business."""
    claims = claims_of(request.scope)
    return _answer(
        {
            "sub": claims.sub,
            "client_id": claims.client_id,
            "scope": sorted(claims.scope),
            "aud": claims.audience,
            "exp": claims.expires_at,
        }
    )


@get("/events", opt=READ_EVENTS)
async def list_events(api: NamedDependency[Api]) -> Response[Any]:
    """All of them, by date."""
    return _answer(api.records.events())


@get("/events/{event_id:str}", opt=READ_EVENTS)
async def show_event(api: NamedDependency[Api], event_id: FromPath[str]) -> Response[Any]:
    """One of them."""
    return _found(api.records.event(event_id))


@get("/events/{event_id:str}/leads", opt=READ_LEADS)
async def list_leads_of_event(api: NamedDependency[Api], event_id: FromPath[str]) -> Response[Any]:
    """The newest first."""
    if api.records.event(event_id) is None:
        return _found(None)
    return _answer(api.records.leads(event_id))


@post("/events/{event_id:str}/leads", opt=WRITE_LEADS)
async def add_lead_to_event(
    request: Request[Any, Any, Any], api: NamedDependency[Api], event_id: FromPath[str]
) -> Response[Any]:
    """Somebody was met there."""
    if api.records.event(event_id) is None:
        return _found(None)
    return _added(request, api, event_id, await _given(request))


@get("/leads", opt=READ_LEADS)
async def list_leads(request: Request[Any, Any, Any], api: NamedDependency[Api]) -> Response[Any]:
    """The newest first; of one event if ``event`` names it."""
    return _answer(api.records.leads(request.query_params.get("event")))


@post("/leads", opt=WRITE_LEADS)
async def add_lead(request: Request[Any, Any, Any], api: NamedDependency[Api]) -> Response[Any]:
    """Somebody was met at ``event_id``."""
    given = await _given(request)
    return _added(request, api, str(given.get("event_id", "")), given)


def _added(
    request: Request[Any, Any, Any], api: Api, event_id: str, given: dict[str, object]
) -> Response[Any]:
    by = claims_of(request.scope).sub
    lead = api.records.add_lead(event_id, given, now=api.now(), by=by)
    return _answer(lead, 201, Location=f"/leads/{lead.id}")


@get("/leads/{lead_id:str}", opt=READ_LEADS)
async def show_lead(api: NamedDependency[Api], lead_id: FromPath[str]) -> Response[Any]:
    """One of them."""
    return _found(api.records.lead(lead_id))


@patch("/leads/{lead_id:str}", opt=WRITE_LEADS)
async def change_lead(
    request: Request[Any, Any, Any], api: NamedDependency[Api], lead_id: FromPath[str]
) -> Response[Any]:
    """Some of its fields."""
    lead = api.records.lead(lead_id)
    if lead is None:
        return _found(None)
    return _answer(api.records.change_lead(lead, await _given(request)))


@delete("/leads/{lead_id:str}", opt=WRITE_LEADS, status_code=200)
async def remove_lead(api: NamedDependency[Api], lead_id: FromPath[str]) -> Response[Any]:
    """For good."""
    lead = api.records.lead(lead_id)
    if lead is None:
        return _found(None)
    api.records.remove_lead(lead)
    return Response(None, status_code=204, headers=NO_STORE)
