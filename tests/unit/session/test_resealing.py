"""What re-sealing has come to."""

import pytest

from bff.session.resealing import Resealed


@pytest.mark.req("N126")
def test_sums_of_pages_add_up() -> None:
    """Each kind by itself, and all of them together."""
    both = Resealed(1, 2, 3, 4, 5) + Resealed(10, 20, 30, 40, 50)
    assert both == Resealed(done=11, fresh=22, changed=33, gone=44, unreadable=55)
    assert both.seen == 165
