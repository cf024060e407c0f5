"""Jobs that end many sessions: how they stand, their receipts, and going on with one."""

from typing import Any

from litestar import Request as LitestarRequest
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from bff.audit.acts import EndJob
from bff.audit.rows import Page
from bff.endpoints.console_door import API, Console
from bff.errors import RouteNotFound

AnyRequest = LitestarRequest[Any, Any, Any]


def end_handlers(console: Console) -> list[HTTPRouteHandler]:
    """All of them."""
    review = console.flows.review

    @get(f"{API}/ends")
    async def list_jobs(request: AnyRequest) -> ASGIResponse:
        reviewer, _ = await console.admit(request, "ends")
        return console.answer(request, reviewer, await review.bulk.jobs())

    @get(f"{API}/ends/{{job:str}}")
    async def show_job(request: AnyRequest) -> ASGIResponse:
        reviewer, _ = await console.admit(request, "ends")
        return console.answer(request, reviewer, await _known(console, request))

    @get(f"{API}/ends/{{job:str}}/receipts")
    async def list_receipts(request: AnyRequest) -> ASGIResponse:
        reviewer, query = await console.admit(request, "ends")
        job = await _known(console, request)

        async def rows(cursor: str | None, limit: int) -> Page[Any]:
            return await review.bulk.receipts(job, cursor, limit)

        return await console.listed(request, reviewer, query, rows)

    @post(f"{API}/ends/{{job:str}}/resume", status_code=200)
    async def resume_job(request: AnyRequest) -> ASGIResponse:
        reviewer, _ = await console.admit(request, "ends")
        job = await review.resume(reviewer, str(request.path_params["job"]))
        if job is None:
            raise RouteNotFound
        return console.answer(request, reviewer, job)

    return [list_jobs, show_job, list_receipts, resume_job]


async def _known(console: Console, request: AnyRequest) -> EndJob:
    """The job that the path names. Raises RouteNotFound."""
    job = await console.flows.review.bulk.job(str(request.path_params["job"]))
    if job is None:
        raise RouteNotFound
    return job
