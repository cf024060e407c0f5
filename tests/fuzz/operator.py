"""What an operator writes: the settings file."""

import math

from bff.settings import values
from bff.settings.read import SettingsInvalid, load_settings

CANARY = "canary-canary-canary-canary"
"""A secret from the environment. A file that says the word itself is not held against what it says."""

ENVIRONMENT = {
    "CANARY": CANARY,
    "CLIENT_SECRET": "kX2p9Lq0vZt7Rw4y",
    "REDIS_URL": "rediss://redis.internal:6379/0",
    "LOOKUP": "b0wqg1hRkD8m3ZpJ5xTn7cVsYfEaGuLi2oQ4rWt6KzM",
    "SIGNING": "c1xrh2iSlE9n4AqK6yUo8dWtZgFbHvMj3pR5sXu7LaN",
    "SEALING": "d2ysi3jTmF0o5BrL7zVp9eXuAhGcIwNk4qS6tYv8MbO",
}


def _no_file(name: str) -> str:
    raise FileNotFoundError(name)


def _explained(refusal: SettingsInvalid, text: str) -> None:
    """There is something to say, and no secret in it."""
    assert refusal.problems
    assert all(problem.expected for problem in refusal.problems)
    assert CANARY not in str(refusal) or CANARY in text


def settings(data: bytes) -> None:
    """A file: refused in words that repeat no secret, or usable, and safe where it does not say development."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return
    try:
        read, sources = load_settings(text, ENVIRONMENT, _no_file)
    except SettingsInvalid as error:
        _explained(error, text)
        return
    assert CANARY not in repr(read) + repr(sources) or CANARY in text
    values.client_metadata(read)
    table = values.route_table(read)
    values.seal(read)
    values.lookup_key(read)
    assert all(len(key) == 32 for key in values.signing_keys(read))
    assert values.refresh_policy(read).lease > values.refresh_policy(read).budget
    limits = values.session_limits(read)
    assert math.isfinite(limits.absolute)
    assert 0 < limits.idle <= limits.absolute
    assert all(route.prefix.startswith("/api/") for route in table.routes)
    if not read.development:
        assert read.server.public_url.startswith("https://")
        assert read.provider.issuer.startswith("https://")
        assert not read.redis.url.reveal().startswith("redis://")
        assert all(route.upstream.scheme == "https" for route in table.routes)
