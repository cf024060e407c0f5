"""What reviewers may do, plugged together; nothing at all without a configured claim."""

from importlib.metadata import version

from bff.adapters.alert_desk import AlertDesk
from bff.adapters.entropy import SystemEntropy
from bff.adapters.redis_ends import RedisEndLedger
from bff.adapters.trail_pages import TrailPages
from bff.composition.evidence import Evidence
from bff.composition.posture import posture_rows
from bff.composition.stores import Stores
from bff.composition.world import World
from bff.endpoints.dependencies import ReviewFlows
from bff.flows.access import AccessFlow
from bff.flows.bulk_end import BulkEndFlow
from bff.flows.ending import EndingFlow
from bff.flows.ports import AuditTrail
from bff.flows.review import ReviewFlow, ReviewPolicy
from bff.flows.review_listing import SessionListing
from bff.flows.review_pages import ReviewPages
from bff.settings import values


def bulk_end_flow(
    world: World, trail: AuditTrail, stores: Stores, ending: EndingFlow
) -> BulkEndFlow:
    """Ending many, for the console and for the command."""
    ledger = RedisEndLedger(world.redis, prefix=world.settings.redis.prefix)
    return BulkEndFlow(
        stores.sessions, ending, ledger, world.background, world.clock, SystemEntropy(), trail
    )


def review_flows(
    world: World,
    trail: AuditTrail,
    stores: Stores,
    access: AccessFlow,
    ending: EndingFlow,
    evidence: Evidence,
) -> ReviewFlows | None:
    """The reviewer's stories, or None when nobody is a reviewer."""
    settings = world.settings
    review = settings.review
    if not (review.reviewers or review.admins):
        return None
    limits, alerts = values.session_limits(settings), AlertDesk(evidence.alerts, world.clock.now)
    reader = TrailPages(
        evidence.reader,
        values.audit_key(settings),
        world.clock.now,
        budget_seconds=settings.refresh.budget_seconds,
        dropped=lambda: evidence.log.meter.dropped,
    )
    listing = SessionListing(stores.register, world.background, world.clock, limits)
    policy = ReviewPolicy(
        claim=review.claim,
        reviewers=frozenset(review.reviewers),
        admins=frozenset(review.admins),
        fresh_seconds=review.reauth_seconds,
        poll_seconds=10.0,
        environment=review.environment or ("development" if settings.development else "production"),
        version=version("cookie-bff"),
    )
    bulk = bulk_end_flow(world, trail, stores, ending)
    flow = ReviewFlow(
        access, stores.sessions, stores.register, listing, ending, world.clock, trail, policy, bulk
    )
    pages = ReviewPages(stores.sessions, stores.register, listing, reader, alerts, world.clock)
    return ReviewFlows(
        flow,
        pages,
        reader,
        alerts,
        lambda: posture_rows(settings, world.clock.now(), world.provider.metadata_seen),
        None if world.session_calls is None else world.session_calls.of,
        None if world.renewal_trend is None else world.renewal_trend.of,
    )
