"""The end of a process waits for last words, and for nothing else."""

import asyncio
from contextlib import suppress

from bff.adapters.closing import ProcessClosing


async def test_nothing_held_is_let_go_at_once() -> None:
    """An idle process ends without waiting."""
    closing = ProcessClosing()
    closing.begin()
    assert closing.begun
    await closing.heard()
    await closing.let_go()


async def test_the_last_one_held_ends_the_wait() -> None:
    """Not the first; and one that fails counts as gone, too."""
    closing = ProcessClosing()

    def let_go() -> bool:
        try:
            closing.let_go().send(None)
        except StopIteration:
            return True
        return False

    with suppress(ValueError), closing.holding():
        with closing.holding():
            assert not let_go()
        assert not let_go()
        raise ValueError
    assert let_go()


async def test_whoever_listens_hears_it_begin() -> None:
    """Once, and for ever."""
    closing = ProcessClosing()
    hearing = asyncio.ensure_future(closing.heard())
    await asyncio.sleep(0)
    assert not hearing.done()
    closing.begin()
    await hearing
    await closing.heard()
