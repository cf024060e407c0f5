"""Rows that reviewers read."""

from typing import get_args

from bff.audit.rows import PostureRow, Verdict, posture_row


def test_a_posture_row_is_named_by_its_area_and_title() -> None:
    """So that it can be linked to."""
    verdict: Verdict = get_args(Verdict)[0]
    row = posture_row("Session", "Idle limit", "24 h", verdict, "why", "ASVS")
    assert row == PostureRow(
        id="session.idle_limit",
        area="Session",
        title="Idle limit",
        value="24 h",
        verdict=verdict,
        reason="why",
        reference="ASVS",
    )
