"""bff sessions end and bff sessions ends: an end for one, for some, for very many."""

import asyncio
from urllib.parse import parse_qsl

import click
import msgspec
from rich.table import Table

from bff.audit.acts import EndJob, Receipt
from bff.audit.operations import Acted
from bff.cli.audit import JSON, plain, shown_time, wide_console
from bff.cli.options import CONFIG
from bff.cli.sessions import in_house, operator, progress
from bff.composition.operations import Operations
from bff.endpoints.console import filter_of
from bff.errors import RequestMalformed
from bff.flows.review import RECEIPTS
from bff.session.model import EndReason, Ref, SessionKey

FOLLOW_SECONDS, PAGE = 0.5, 1_000
Receipts = list[dict[str, object]]


@click.command()
@CONFIG
@JSON
@click.argument("refs", nargs=-1)
@click.option("--subject", help="Every session of this user.")
@click.option(
    "--filter", "wanted", help="What the console's list shows for this query, as state=idle."
)
@click.option("--everybody", is_flag=True, help="Every session there is.")
@click.option("--reason", required=True, help="Why; it goes into the audit trail.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def end(
    path: str,
    refs: tuple[str, ...],
    subject: str | None,
    wanted: str | None,
    reason: str,
    *,
    everybody: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """End sessions here at once and revoke their refresh tokens.

    Access tokens that APIs already hold stay valid there until they expire. More than 200 are a job,
    with progress; bff sessions ends JOB tells about it afterwards, or goes on with it.
    """
    if sum((bool(refs), subject is not None, wanted is not None, everybody)) != 1:
        raise click.UsageError("name references, or --subject, or --filter, or --everybody")
    if not yes and wanted is None:
        whom = "everybody" if everybody else subject or f"{len(refs)} session(s)"
        click.confirm(f"End the sessions of {whom}?", abort=True, err=True)

    async def work(house: Operations) -> Receipts | EndJob:
        if everybody:
            return [{"ended": await _everybody(house, reason)}]
        if wanted is not None:
            return await _many(house, await _of_filter(house, wanted, sure=yes), reason)
        keys = await _meant(house, refs, subject)
        if len(keys) <= RECEIPTS:
            return await _each(house, keys, reason)
        found = await house.stores.register.overviews(keys)
        return await _many(house, [one.core.ref for one in found], reason)

    _tell(in_house(path, work), as_json=as_json)


@click.command()
@CONFIG
@JSON
@click.argument("job", required=False)
@click.option("--resume", is_flag=True, help="Go on with it, if it was interrupted.")
@click.option("--receipts", is_flag=True, help="Every receipt, one line of JSON each.")
def ends(path: str, job: str | None, *, resume: bool, receipts: bool, as_json: bool) -> None:
    """The jobs that ended many sessions, or one of them."""

    async def work(house: Operations) -> tuple[EndJob, ...]:
        if job is None:
            return (await house.bulk.jobs()).jobs
        found = await house.bulk.job(job)
        if found is None:
            raise click.ClickException(f"{job}: no such job; they are kept for a week")
        if resume and await house.bulk.resume(job, operator()) is not None:
            found = await _followed(house, job)
        if receipts:
            await _show_receipts(house, found)
        return (found,)

    found = in_house(path, work)
    if receipts and job is not None:
        return
    if job is not None:
        _tell_job(found[0], as_json=as_json)
        return
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    table = Table("job", "status", "by", "done", "of", "ended", "began (UTC)", "reason")
    for each in found:
        table.add_row(each.id, each.status, plain(each.by), f"{each.done:,}", f"{each.total:,}",
                      f"{each.ended:,}", shown_time(each.began_at), plain(each.reason))  # fmt: skip
    wide_console().print(table)


async def _many(house: Operations, refs: list[str], reason: str) -> EndJob:
    issuer = house.world.settings.provider.issuer
    job = await house.bulk.begin(refs, by=operator(), issuer=issuer, reason=reason)
    click.echo(f"job {job}", err=True)
    return await _followed(house, job)


async def _followed(house: Operations, job: str) -> EndJob:
    """Until it is done, or nobody works on it any more."""
    while True:
        found = await house.bulk.job(job)
        if found is None:
            raise click.ClickException(f"{job} is gone from Redis")
        progress("sessions ended", found.done, found.total)
        if found.status != "running":
            return found
        await asyncio.sleep(FOLLOW_SECONDS)


async def _show_receipts(house: Operations, job: EndJob) -> None:
    cursor: str | None = None
    while True:
        page = await house.bulk.receipts(job, cursor, PAGE)
        for receipt in page.rows:
            _line(receipt)
        cursor = page.next
        if cursor is None:
            return


def _line(receipt: Receipt) -> None:
    click.echo(msgspec.json.encode(receipt).decode())


def _tell(answer: Receipts | EndJob, *, as_json: bool) -> None:
    if isinstance(answer, EndJob):
        _tell_job(answer, as_json=as_json)
        return
    if as_json:
        click.echo(msgspec.json.encode(answer).decode())
        return
    for receipt in answer:
        click.echo("  ".join(f"{name} {plain(str(value))}" for name, value in receipt.items()))
    everybody = any("ended" in receipt for receipt in answer)
    click.echo("everybody's session has ended" if everybody else f"{len(answer)} ended")


def _tell_job(job: EndJob, *, as_json: bool) -> None:
    """How it stands; exit code 1 if it is not done."""
    if as_json:
        click.echo(msgspec.json.encode(job).decode())
    else:
        click.echo(
            f"{job.id} {job.status}: {job.ended:,} ended, {job.done:,} of {job.total:,} done"
        )
        click.echo(f"stays valid at APIs for {job.stays_valid_seconds:.0f} s at most. {job.note}")
    if job.status != "done":
        raise SystemExit(1)


async def _each(house: Operations, keys: list[SessionKey], reason: str) -> Receipts:
    _acted(house, "end_sessions", len(keys), reason)
    now = house.world.clock.now()
    return [
        {
            "ref": session.core.ref,
            "subject": session.core.subject,
            "deleted": True,
            "access_valid_seconds": round(max(session.tokens.expires_at - now, 0.0)),
        }
        for session in await house.flows.ending.each(keys, EndReason.ADMIN)
    ]


async def _everybody(house: Operations, reason: str) -> int:
    count = await house.stores.register.count(house.world.clock.now())
    _acted(house, "end_everybody", count, reason)
    return await house.flows.ending.everybody()


def _acted(house: Operations, action: str, count: int, reason: str) -> None:
    now = house.world.clock.now()
    house.trail.record(
        Acted(at=now, actor=operator(), action=action, count=count, note=reason[:200])
    )


async def _meant(house: Operations, refs: tuple[str, ...], subject: str | None) -> list[SessionKey]:
    store = house.stores.sessions
    if subject is not None:
        return list(await store.keys_of_subject(house.world.settings.provider.issuer, subject))
    found = [await store.key_of_ref(Ref(ref)) for ref in refs]
    return [key for key in found if key is not None]


async def _of_filter(house: Operations, wanted: str, *, sure: bool) -> list[str]:
    """The references, confirmed by their count; UsageError for a filter that means everybody."""
    try:
        query = filter_of(dict(parse_qsl(wanted, max_num_fields=20)))
    except RequestMalformed:
        raise click.UsageError("--filter takes the query of the console's list") from None
    if query.everything:
        raise click.UsageError("--filter leaves nobody out; --everybody says so")
    named = await house.listing.refs(query)
    if not sure:
        click.confirm(f"End {len(named):,} sessions ({wanted})?", abort=True, err=True)
    return named
