"""What every handler of the review API does: admit the reviewer, answer with a page, a file or a body."""

from typing import Any

from litestar import Request as LitestarRequest
from litestar.response import Stream
from litestar.response.base import ASGIResponse

from bff.browser.headers import json_headers
from bff.endpoints.answers import Fields, json_answer
from bff.endpoints.console_answers import FORMATS, Rows, export, format_of, limit_of
from bff.endpoints.dependencies import BrowserCookies, ReviewFlows, Surroundings, seen
from bff.flows.review import Reviewer
from bff.session.handle import Handle

AnyRequest = LitestarRequest[Any, Any, Any]
API = "/bff/console/api"


class Console:
    """Admits, asks, answers."""

    def __init__(self, flows: ReviewFlows, cookies: BrowserCookies, around: Surroundings) -> None:
        """Bind the stories to their surroundings."""
        self.flows = flows
        self._cookies = cookies
        self._around = around

    async def admit(self, request: AnyRequest, page: str) -> tuple[Reviewer, dict[str, str]]:
        """The reviewer, and the query. Raises what the door raises, RequestMalformed."""
        facts = seen(request)
        text: bytes = request.scope["query_string"]
        reviewer = await self.flows.review.admit(
            self._cookies.presented(facts),
            page,
            text.decode("latin-1"),
            background=facts.background,
        )
        return reviewer, {name: str(value) for name, value in request.query_params.items()}

    def answer(self, request: AnyRequest, reviewer: Reviewer, body: object) -> ASGIResponse:
        """JSON, with the reviewer's own cookie renewed when that is due."""
        return json_answer(body, https=self._around.https, fields=self._cookie(request, reviewer))

    async def listed(
        self, request: AnyRequest, reviewer: Reviewer, query: dict[str, str], rows: Rows
    ) -> ASGIResponse:
        """A page, or the whole as a file."""
        kind = format_of(query)
        if kind is None:
            page = await rows(query.get("cursor"), limit_of(query))
            return self.answer(request, reviewer, page)
        name = request.url.path.rsplit("/", 1)[-1]
        headers = {
            **{
                name.decode(): value.decode()
                for name, value in json_headers(https=self._around.https)
            },
            "content-disposition": f'attachment; filename="{name}.{kind}"',
        }
        file = Stream(lambda: export(rows, kind), media_type=FORMATS[kind], headers=headers)
        return file.to_asgi_response(None, request)

    def _cookie(self, request: AnyRequest, reviewer: Reviewer) -> Fields:
        access, facts = reviewer.access, seen(request)
        known = self._cookies.session(facts)
        if access.new_generation is None or known is None:
            return []
        handle = Handle(known.handle.session_id, access.new_generation)
        cookie = self._cookies.set_session(handle, access.absolute_expires_in)
        return [(b"set-cookie", cookie)]
