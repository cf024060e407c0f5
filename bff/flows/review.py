"""A reviewer at the door: who may look, who may act, and what acting does (ASVS 5.0, 7.4.5 and 7.5.1)."""

from dataclasses import dataclass

import msgspec

from bff.audit import events, operations
from bff.audit.acts import EndAnswer, EndJob, EndRequest, Receipt
from bff.audit.pages import Me, Role
from bff.errors import (
    CountChanged,
    NotAReviewer,
    RequestMalformed,
    SessionRequired,
    StepUpRequired,
)
from bff.flows.access import Access, AccessFlow, Presented
from bff.flows.bulk_end import BulkEndFlow
from bff.flows.ending import EndingFlow
from bff.flows.ports import AuditTrail, Clock, SessionStore
from bff.flows.receipts import ended_by_ref, receipt
from bff.flows.register_ports import SessionRegister
from bff.flows.review_listing import SessionListing
from bff.flows.review_reading import SessionFilter
from bff.session.model import Session

RECEIPTS = 200
"""So many sessions are ended while the reviewer waits; more are ended behind the answer, as a job."""
TOLD_SECONDS = 3.0
NOTE = "The provider's own sign-in is untouched: the user may sign in again."


class ReviewPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Whose claim ``claim`` holds one of ``admins`` or ``reviewers``, and how recent a sign-in ending takes."""

    claim: str
    reviewers: frozenset[str]
    admins: frozenset[str]
    fresh_seconds: float
    poll_seconds: float
    environment: str
    version: str


class Reviewer(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who was let in."""

    role: Role
    access: Access
    background: bool

    @property
    def session(self) -> Session:
        """Their own."""
        return self.access.session

    @property
    def subject(self) -> str:
        """Who they are to the trail."""
        return self.session.core.subject


@dataclass(frozen=True, slots=True)
class ReviewFlow:
    """The door, and what may be done behind it. Every method raises StoreUnavailable."""

    access: AccessFlow
    sessions: SessionStore
    register: SessionRegister
    listing: SessionListing
    ending: EndingFlow
    clock: Clock
    trail: AuditTrail
    policy: ReviewPolicy
    bulk: BulkEndFlow

    async def admit(
        self, presented: Presented | None, page: str, query: str, *, background: bool
    ) -> Reviewer:
        """Let a reviewer in and write the look down; a poll repeats a look that is on record.

        Raises SessionNotUsable leaves, NotAReviewer (recorded as well).
        """
        if presented is None:
            raise SessionRequired
        access = await self.access.usable(presented, background=background)
        core = access.session.core
        role = self._role(core.claims)
        who = events.Who(
            at=self.clock.now(), ref=core.ref, issuer=core.issuer, subject=core.subject
        )
        if role is None:
            self.trail.record(operations.ReviewRefused(**who, page=page, reason="role"))
            raise NotAReviewer
        if not background:
            self.trail.record(
                operations.Looked(**who, actor=core.subject, page=page, query=query[:200])
            )
        return Reviewer(role=role, access=access, background=background)

    def me(self, reviewer: Reviewer) -> Me:
        """Who looks, and what they may do."""
        core, now = reviewer.session.core, self.clock.now()
        since = core.auth_time if core.auth_time is not None else core.created_at
        until = since + self.policy.fresh_seconds
        name = core.claims.get("name")
        return Me(
            role=reviewer.role,
            subject=core.subject,
            name=name if isinstance(name, str) else None,
            ref=core.ref,
            fresh_until=until if until > now else None,
            fresh_seconds=self.policy.fresh_seconds,
            poll_seconds=self.policy.poll_seconds,
            environment=self.policy.environment,
            version=self.policy.version,
            server_time=now,
        )

    async def end(
        self, reviewer: Reviewer, request: EndRequest, wanted: SessionFilter | None
    ) -> EndAnswer:
        """End sessions; what became of each, or the job that ends many.

        Raises StepUpRequired, NotAReviewer, CountChanged, RequestMalformed.
        """
        self._require_fresh(reviewer)
        _require_one(request)
        if request.everybody:
            return await self._everybody(reviewer, request)
        refs = await self._meant(reviewer, request, wanted)
        if len(refs) > 1 and request.expected != len(refs):
            raise CountChanged
        if len(refs) > RECEIPTS:
            return await self._many(reviewer, request, refs)
        receipts = [await self._receipt(reviewer, ref) for ref in _own_last(refs, reviewer)]
        ended = sum(receipt.deleted for receipt in receipts)
        self._acted(reviewer, request, ended)
        longest = max((receipt.stays_valid_seconds for receipt in receipts), default=0)
        return EndAnswer(
            ended=ended, receipts=tuple(receipts), stays_valid_seconds=longest, note=NOTE
        )

    async def resume(self, reviewer: Reviewer, job: str) -> EndJob | None:
        """Go on with an interrupted job; None if there is no such job. Raises StepUpRequired."""
        self._require_fresh(reviewer)
        return await self.bulk.resume(job, reviewer.subject)

    async def _many(self, reviewer: Reviewer, request: EndRequest, refs: list[str]) -> EndAnswer:
        core = reviewer.session.core
        job = await self.bulk.begin(
            _own_last(refs, reviewer),
            by=core.subject,
            issuer=core.issuer,
            reason=request.reason,
            own_ref=core.ref,
        )
        return EndAnswer(ended=0, receipts=(), stays_valid_seconds=0, note=NOTE, job=job)

    async def _everybody(self, reviewer: Reviewer, request: EndRequest) -> EndAnswer:
        if reviewer.role != "admin":
            self._refused(reviewer, "admin")
            raise NotAReviewer
        count = await self.register.count(self.clock.now())
        if request.expected != count:
            raise CountChanged
        self._acted(reviewer, request, count)
        ended = await self.ending.everybody()
        note = "Refresh tokens were not revoked one by one. " + NOTE
        return EndAnswer(ended=ended, receipts=(), stays_valid_seconds=0, note=note)

    async def _meant(
        self, reviewer: Reviewer, request: EndRequest, wanted: SessionFilter | None
    ) -> list[str]:
        if request.refs:
            return list(dict.fromkeys(request.refs))
        if request.subject is not None:
            issuer = reviewer.session.core.issuer
            keys = await self.sessions.keys_of_subject(issuer, request.subject)
            return [one.core.ref for one in await self.register.overviews(keys)]
        if wanted is None or wanted.everything:
            raise RequestMalformed("filter")
        return await self.listing.refs(wanted)

    async def _receipt(self, reviewer: Reviewer, ref: str) -> Receipt:
        ended = await ended_by_ref(self.sessions, self.ending, ref)
        own = ref == reviewer.session.core.ref
        return await receipt(ref, ended, self.clock, wait_seconds=TOLD_SECONDS, own=own)

    def _role(self, claims: dict[str, object]) -> Role | None:
        value = claims.get(self.policy.claim)
        held = {value} if isinstance(value, str) else set(_texts(value))
        if held & self.policy.admins:
            return "admin"
        return "reviewer" if held & self.policy.reviewers else None

    def _require_fresh(self, reviewer: Reviewer) -> None:
        if self.me(reviewer).fresh_until is None:
            self._refused(reviewer, "auth_time")
            raise StepUpRequired(int(self.policy.fresh_seconds), ())

    def _refused(self, reviewer: Reviewer, reason: str) -> None:
        core = reviewer.session.core
        self.trail.record(
            operations.ReviewRefused(
                at=self.clock.now(),
                ref=core.ref,
                issuer=core.issuer,
                subject=core.subject,
                page="sessions/end",
                reason=reason,
            )
        )

    def _acted(self, reviewer: Reviewer, request: EndRequest, count: int) -> None:
        core = reviewer.session.core
        about = request.refs[0] if len(request.refs) == 1 else None
        self.trail.record(
            operations.Acted(
                at=self.clock.now(),
                ref=about,
                issuer=core.issuer,
                subject=request.subject,
                actor=core.subject,
                action="sessions_end_everybody" if request.everybody else "sessions_end",
                count=count,
                note=request.reason[:200],
            )
        )


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list | tuple) else []


def _require_one(request: EndRequest) -> None:
    given = (request.refs, request.subject is not None, request.filter is not None)
    if sum(bool(one) for one in (*given, request.everybody)) != 1:
        raise RequestMalformed("body")
    if not request.reason.strip():
        raise RequestMalformed("reason")


def _own_last(refs: list[str], reviewer: Reviewer) -> list[str]:
    """The reviewer's own session goes last, so that the others are ended by somebody signed in."""
    own = reviewer.session.core.ref
    return sorted(refs, key=lambda ref: ref == own)
