"""Changes that keep an input's form: one claim of a token, one line of a file, one parameter of a query.

Bytes changed at random seldom parse. Half of all changes are made here, the others by the fuzzer itself.
"""

import json
import random
from collections.abc import Callable

from tests.fuzz.targets import seeds
from tests.fuzz.tokens import CLIENT, EVENT, NONCE, SHAPES, SUBJECT

Mutator = Callable[[bytes, random.Random], bytes]
NOW_ISH = [
    1_700_000_000 + change for change in (-86_400, -151, -150, -30, 0, 0.5, 30, 31, 120, 86_400)
]
VALUES: list[object] = [
    *(None, True, False, 0, -1, 1e308, 2**63, "", "x", [], {}, [[]], {"": {}}),
    *(CLIENT, [CLIENT], [CLIENT, "other"], SUBJECT, NONCE, "https://provider.example"),
    *("https://provider.example/", {EVENT: {}}, {EVENT: []}, "a" * 256, *NOW_ISH),
]
NAMES = [
    *("iss", "sub", "aud", "azp", "iat", "exp", "nbf", "nonce", "auth_time", "acr", "sid", "jti"),
    *("events", "at_hash", "alg", "kid", "typ", "crit", "jwk", "jku", "x5u", "b64", "zip", "cty"),
]
HEADERS: list[object] = [
    "ES256",
    "RS256",
    "HS256",
    "none",
    "EdDSA",
    "k",
    "JWT",
    "logout+jwt",
    "at+jwt",
]


def token(data: bytes, dice: random.Random) -> bytes:
    """Another signer, or one member of the header or the claims changed, added or gone."""
    header, _, claims = data[1:].partition(b"\n")
    signer = data[:1] if data[:1] in SHAPES else b"1"
    if dice.random() < 0.05:
        return dice.choice(list(SHAPES)) + data[1:]
    if dice.random() < 0.25:
        header = _member(header, dice, [*HEADERS, *VALUES])
    else:
        claims = _member(claims, dice, VALUES)
    return signer + header + b"\n" + claims


def _member(text: bytes, dice: random.Random, values: list[object]) -> bytes:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(document, dict):
        return text
    name = dice.choice([*document, *NAMES]) if dice.random() < 0.8 else dice.choice(NAMES)
    if dice.random() < 0.2:
        document.pop(name, None)
    else:
        document[name] = dice.choice(values)
    return json.dumps(document).encode()


def lines(data: bytes, dice: random.Random) -> bytes:
    """One line of a file gone, doubled, moved, or taken from a seed; or one value exchanged."""
    own = data.split(b"\n")
    others = [line for seed in seeds("settings").values() for line in seed.split(b"\n")]
    at = dice.randrange(len(own))
    match dice.randrange(5):
        case 0:
            del own[at]
        case 1:
            own.insert(at, own[dice.randrange(len(own))])
        case 2:
            own.insert(at, dice.choice(others))
        case 3:
            key, equals, _ = own[at].partition(b"=")
            own[at] = key + equals + dice.choice(others).rpartition(b"=")[2]
        case _:
            own[at] = dice.choice(others)
    return b"\n".join(own)


def query(data: bytes, dice: random.Random) -> bytes:
    """One parameter of a query gone, doubled, moved, or taken from a seed."""
    own = data[1:].split(b"&")
    others = [part for seed in seeds("callback_query").values() for part in seed[1:].split(b"&")]
    at = dice.randrange(len(own))
    match dice.randrange(3):
        case 0:
            del own[at]
        case 1:
            own.insert(at, dice.choice(own))
        case _:
            own.insert(at, dice.choice(others))
    return dice.choice([b"0", b"1"]) + b"&".join(own)


FRAGMENTS = {
    "return_to": (
        *(
            "/",
            "//",
            "\\",
            ".",
            "..",
            "%2f",
            "%5c",
            "%2e",
            "%25",
            "%252f",
            "%09",
            "%0a",
            "\t",
            "\n",
        ),
        *("\r", " ", "\x00", "evil.example", "@", ":", "https:", "?", "#", ";", "bff", "/bff", "a"),
        *(
            "\u3002",
            "\uff0f",
            "[",
            "]",
            "|",
            "^",
            "'",
            "`",
            "%",
            "..;",
            "javascript:",
            "//user@host",
        ),
    ),
    "path_parser": (
        *(
            "/api",
            "/api/orders",
            "/by",
            "/",
            "//",
            "..",
            ".",
            ";",
            ";a=b",
            "..;",
            "%2e",
            "%2E",
            "%2f",
        ),
        *("%5c", "%3b", "%25", "%252e", "%00", "%c0%ae", "%c3%a9", "%61", "\\", "~", "?", "#", " "),
    ),
    "cookie_value": (
        *(
            "__Host-Http-bff=",
            "__Host-Http-bff-login=",
            "__Host-Http-bff-note=",
            ";",
            "; ",
            "=",
            ".",
        ),
        *(
            "A" * 43,
            ".0",
            ".7",
            ".1",
            "browser-browser-1",
            "login_failed",
            '"',
            ",",
            " ",
            "\t",
            "%2e",
        ),
    ),
}


def pieces(name: str) -> Mutator:
    """Pieces that mean something to a reader of this target's inputs, put in, taken out, put elsewhere."""
    own = [fragment.encode() for fragment in FRAGMENTS[name]]

    def change(data: bytes, dice: random.Random) -> bytes:
        for _ in range(dice.randrange(1, 4)):
            start, end = sorted(dice.randrange(len(data) + 1) for _ in range(2))
            match dice.randrange(4):
                case 0:
                    data = data[:start] + data[end:]
                case 1:
                    data = data[:start] + data[start:end] + data[start:]
                case _:
                    data = data[:start] + dice.choice(own) + data[start:]
        return data

    return change


MUTATORS: dict[str, Mutator] = {
    "return_to": pieces("return_to"),
    "path_parser": pieces("path_parser"),
    "cookie_value": pieces("cookie_value"),
    "id_token": token,
    "logout_token": token,
    "settings": lines,
    "callback_query": query,
}
