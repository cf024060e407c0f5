"""What is made from the product's own vocabulary says what the vocabulary says."""

import pytest

from tests.architecture.tree import ROOT
from tests.vocabulary.__main__ import DOCUMENTS


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_generated_document_is_not_stale(name: str) -> None:
    """``make generated`` would change nothing."""
    assert (ROOT / name).read_text(encoding="utf-8") == DOCUMENTS[name]()
