"""What a reviewer sees of one session, of one user, and of a word to search for."""

import ipaddress
import re
from dataclasses import dataclass

import msgspec

from bff.audit.acts import Hit, Hits
from bff.audit.pages import (
    AccessCard,
    Ended,
    RefreshCard,
    RenewalState,
    SessionDetail,
    SignInDay,
    User,
)
from bff.audit.rows import AlertRow, AuditRow, SessionRow
from bff.errors import RouteNotFound
from bff.flows.ports import Clock, SessionStore
from bff.flows.register_ports import SessionRegister
from bff.flows.review import Reviewer
from bff.flows.review_listing import SessionListing
from bff.flows.review_ports import AlertDesk, TrailReader
from bff.session.model import Ref, RefreshJournal, Session, SessionKey, TokenSet
from bff.session.overview import SessionOverview
from bff.session.token_form import form_of

CALENDAR_DAYS = 90
LAST_ENTRIES = 20
_REF = re.compile(r"s_[A-Za-z0-9_-]{10,40}")
_REQUEST = re.compile(r"req_[A-Za-z0-9_-]{4,60}")


@dataclass(frozen=True, slots=True)
class ReviewPages:
    """The pages about one thing. Every method raises StoreUnavailable."""

    sessions: SessionStore
    register: SessionRegister
    listing: SessionListing
    trail: TrailReader
    alerts: AlertDesk
    clock: Clock

    async def session(self, ref: str, reviewer: Reviewer) -> SessionDetail:
        """One session, live or ended. Raises RouteNotFound when nothing is known of it."""
        key = await self.sessions.key_of_ref(Ref(ref))
        session = None if key is None else await self._live(key)
        overview = None if key is None else await self._overview(key)
        if key is None or session is None or overview is None:
            return await self._ended(ref)
        now = self.clock.now()
        alerts = await self.alerts.page({"ref": ref, "status": "all"}, None, 20)
        core, facts, tokens = overview.core, overview.facts, session.tokens
        row = await self._marked([self.listing.row(overview, now)], reviewer)
        return SessionDetail(
            ref=ref,
            subject=core.subject,
            issuer=core.issuer,
            session=row[0],
            ended=None,
            acr=core.acr,
            auth_time=core.auth_time,
            provider_session=core.provider_sid is not None,
            claims=core.claims,
            access=_access_card(overview, tokens),
            refresh=_refresh_card(overview),
            identity=tokens.id_token is not None,
            renewal=_renewal(overview.journal),
            generation=session.generation,
            acknowledged_generation=session.acknowledged.generation,
            stays_valid_seconds=max(0, int(facts.expires_at - now)),
            alerts=alerts.rows,
            as_of=now,
        )

    async def user(self, subject: str, reviewer: Reviewer) -> User:
        """All of one user: sessions, sign-ins by day, alerts, last entries."""
        issuer, now = reviewer.session.core.issuer, self.clock.now()
        keys = await self.sessions.keys_of_subject(issuer, subject)
        overviews = await self.register.overviews(keys)
        overviews.sort(key=lambda one: one.core.created_at, reverse=True)
        rows = [self.listing.row(one, now) for one in overviews]
        entries = await self.trail.entries(f'subject:"{_quoted(subject)}"', None, LAST_ENTRIES)
        days = await self.trail.sign_ins(subject, CALENDAR_DAYS)
        alerts = await self.alerts.page({"subject": subject, "status": "all"}, None, 20)
        return User(
            subject=subject,
            issuer=issuer,
            name=next((row.name for row in rows if row.name), None),
            sessions=tuple(await self._marked(rows, reviewer)),
            sign_ins=tuple(
                SignInDay(day=day, success=success, failed=failed) for day, success, failed in days
            ),
            alerts=alerts.rows,
            audit=entries.rows,
            as_of=now,
        )

    async def search(self, text: str, reviewer: Reviewer) -> Hits:
        """Where a word leads: a session, a request, an address, a user."""
        word = text.strip()[:200]
        if not word:
            return Hits(hits=())
        if _REF.fullmatch(word):
            live = await self.sessions.key_of_ref(Ref(word)) is not None
            seen = live or bool(await self._entries(f"ref:{word}"))
            return Hits(hits=(_hit("session", word, f"/sessions/{word}"),) if seen else ())
        if _REQUEST.fullmatch(word):
            found = await self._entries(f"request:{word}")
            hit = _hit("request", word, f"/audit?q=request%3A{word}")
            return Hits(hits=(hit,) if found else ())
        if _is_address(word):
            return Hits(hits=(_hit("address", word, f"/audit?q=ip%3A{word.replace('/', '%2F')}"),))
        issuer = reviewer.session.core.issuer
        keys = await self.sessions.keys_of_subject(issuer, word)
        known = bool(keys) or bool(await self._entries(f'subject:"{_quoted(word)}"'))
        path = "/user?subject=" + _percent(word)
        exact = (_hit("user", word, path),) if known else ()
        return Hits(hits=(*exact, *await self._by_name(word, known=known)))

    async def marked(self, rows: tuple[SessionRow, ...]) -> tuple[SessionRow, ...]:
        """The same rows with how many alerts concern each."""
        counts = await self.alerts.counts([row.ref for row in rows])
        return tuple(
            msgspec.structs.replace(row, alerts=counts[row.ref]) if row.ref in counts else row
            for row in rows
        )

    async def _by_name(self, word: str, *, known: bool) -> tuple[Hit, ...]:
        """Sessions in whose row the word occurs."""
        path = "/sessions?q=" + _percent(word)
        return () if known else (_hit("session", f"Sessions with “{word}”", path),)

    async def _marked(self, rows: list[SessionRow], reviewer: Reviewer) -> list[SessionRow]:
        own = reviewer.session.core.ref
        marked = await self.marked(tuple(rows))
        return [msgspec.structs.replace(row, own=True) if row.ref == own else row for row in marked]

    async def _live(self, key: SessionKey) -> Session | None:
        loaded = await self.sessions.load(key)
        return loaded if isinstance(loaded, Session) else None

    async def _overview(self, key: SessionKey) -> SessionOverview | None:
        found = await self.register.overviews([key])
        return found[0] if found else None

    async def _entries(self, query: str) -> tuple[AuditRow, ...]:
        return (await self.trail.entries(query, None, 1)).rows

    async def _ended(self, ref: str) -> SessionDetail:
        """What the trail still knows of a session that is gone."""
        if not _REF.fullmatch(ref):
            raise RouteNotFound
        entries = await self.trail.entries(f"ref:{ref}", None, 50)
        if not entries.rows:
            raise RouteNotFound
        end = next((row for row in entries.rows if row.event == "session_ended"), None)
        about = next((row for row in entries.rows if row.subject), entries.rows[0])
        alerts = await self.alerts.page({"ref": ref, "status": "all"}, None, 20)
        return _gone(ref, about, end, alerts.rows, self.clock.now())


def _gone(
    ref: str, about: AuditRow, end: AuditRow | None, alerts: tuple[AlertRow, ...], now: float
) -> SessionDetail:
    return SessionDetail(
        ref=ref,
        subject=about.subject or "unknown",
        issuer=str(about.details.get("issuer") or ""),
        session=None,
        ended=Ended(at=end.at, reason=end.reason or "unknown") if end is not None else None,
        acr=None,
        auth_time=None,
        provider_session=False,
        claims={},
        access=None,
        refresh=None,
        identity=False,
        renewal=None,
        generation=None,
        acknowledged_generation=None,
        stays_valid_seconds=0,
        alerts=alerts,
        as_of=now,
    )


def _access_card(overview: SessionOverview, tokens: TokenSet) -> AccessCard:
    facts = overview.facts
    form, audiences = form_of(tokens.access_token)
    return AccessCard(
        issued_at=facts.issued_at,
        expires_at=facts.expires_at,
        scopes=facts.scope,
        fingerprint=facts.access_fingerprint,
        form=form,
        audiences=audiences,
    )


def _refresh_card(overview: SessionOverview) -> RefreshCard | None:
    facts = overview.facts
    if facts.refresh_fingerprint is None:
        return None
    return RefreshCard(
        expires_at=facts.refresh_expires_at,
        fingerprint=facts.refresh_fingerprint,
        renewals=facts.generation,
        family_started_at=overview.core.created_at,
    )


def _renewal(journal: RefreshJournal | None) -> RenewalState | None:
    if journal is None:
        return None
    return RenewalState(
        since=journal.since,
        in_flight=journal.outcome is None,
        outcome=journal.outcome,
        unknown=journal.unknown,
        attempts=journal.attempts,
        retry_at=journal.retry_at,
    )


def _hit(kind: str, label: str, to: str) -> Hit:
    return msgspec.convert({"kind": kind, "label": label, "to": to}, Hit)


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_network(word, strict=False)
    except ValueError:
        return False
    return True


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _percent(text: str) -> str:
    """As a query value."""
    kept = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
    return "".join(
        chr(octet) if octet in kept else f"%{octet:02X}" for octet in text.encode("utf-8")
    )
