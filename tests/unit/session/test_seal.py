"""Sealing at rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.session.seal import Seal, SealBroken, SealingKey, sealed_under

OLD, NEW = SealingKey("2026-01", b"o" * 32), SealingKey("2026-07", b"n" * 32)
NONCE = b"\x00" * 12


@given(st.binary(), st.binary(), st.binary(min_size=12, max_size=12))
def test_what_is_sealed_opens_for_its_place(content: bytes, place: bytes, nonce: bytes) -> None:
    """Any content, any place."""
    seal = Seal((OLD, NEW))
    sealed = seal.seal(content, place, nonce)
    assert seal.open(sealed, place) == content
    assert sealed_under(sealed) == "2026-07"


@pytest.mark.req("N66")
def test_a_value_moved_elsewhere_does_not_open() -> None:
    """The place is part of the seal: swapping two entries is detected."""
    seal = Seal((NEW,))
    with pytest.raises(SealBroken):
        seal.open(seal.seal(b"tokens", b"a", NONCE), b"b")


@pytest.mark.req("N126")
def test_an_older_key_of_the_ring_still_opens() -> None:
    """Rotation logs nobody out."""
    sealed = Seal((OLD,)).seal(b"tokens", b"a", NONCE)
    assert Seal((OLD, NEW)).open(sealed, b"a") == b"tokens"
    with pytest.raises(SealBroken):
        Seal((NEW,)).open(sealed, b"a")


@given(st.binary(max_size=80))
def test_garbage_never_opens(garbage: bytes) -> None:
    """And never fails otherwise."""
    with pytest.raises(SealBroken):
        Seal((NEW,)).open(garbage, b"a")
    assert isinstance(sealed_under(garbage), str)


def test_every_flipped_octet_is_noticed() -> None:
    """One bit anywhere."""
    seal = Seal((NEW,))
    sealed = seal.seal(b"tokens", b"a", NONCE)
    for position in range(len(sealed)):
        broken = bytearray(sealed)
        broken[position] ^= 1
        with pytest.raises(SealBroken):
            seal.open(bytes(broken), b"a")


@pytest.mark.parametrize("ring", [(), (OLD, OLD), (SealingKey("x", b"short"),)])
def test_a_ring_that_cannot_seal_is_refused(ring: tuple[SealingKey, ...]) -> None:
    """Empty, ambiguous, or weak."""
    with pytest.raises(ValueError, match="ring"):
        Seal(ring)


def test_a_key_does_not_show_itself() -> None:
    """Its repr is its id."""
    assert repr(NEW) == "SealingKey(id='2026-07')"
