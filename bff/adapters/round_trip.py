"""Commands to Redis in one round trip, for what each use of a session and each renewal ask.

Over redis-py's connections, without its pipelines and scripts: those cost as much again.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from hiredis import pack_command
from redis.asyncio import Redis
from redis.exceptions import ResponseError

Command = Sequence[Any]
"""A name and its arguments: ``str``, ``bytes``, ``int`` or ``float``."""


async def round_trip(redis: Redis, *commands: Command) -> list[Any]:
    """The answers, in order. Raises what redis-py raises: of several refusals the first, when all have answered."""
    found = await answers(redis, *commands)
    for answer in found:
        if isinstance(answer, ResponseError):
            raise answer
    return found


async def answers(redis: Redis, *commands: Command) -> list[Any]:
    """The answers, refusals among them (``redis.exceptions.ResponseError``).

    A client that has ``around``, a context manager made of the commands' names, is asked within it.
    """
    around = getattr(redis, "around", None)
    with nullcontext() if around is None else around([str(command[0]) for command in commands]):
        return await _asked(redis.connection_pool, commands)


async def _asked(pool: Any, commands: Sequence[Command]) -> list[Any]:  # noqa: ANN401  redis-py's pools have little in common
    octets = b"".join([pack_command(tuple(command)) for command in commands])
    connection = await pool.get_connection()

    async def ask() -> list[Any]:
        await connection.send_packed_command(octets)
        return [await _answer(connection) for _ in commands]

    try:
        return await connection.retry.call_with_retry(ask, lambda _: connection.disconnect())  # type: ignore[no-any-return]
    finally:
        await pool.release(connection)


async def _answer(connection: Any) -> Any:  # noqa: ANN401  whatever Redis says
    try:
        return await connection.read_response()
    except ResponseError as error:
        return error
