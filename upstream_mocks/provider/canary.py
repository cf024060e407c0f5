"""The marks by which anything this provider issues is recognised wherever it surfaces.

Opaque values carry the word CANARY. In a JWT the word is a claim, and base64url hides it; but six
letters are two groups of three bytes, so the repeated word shows up as one of three fixed strings,
whatever precedes it (RFC 4648, section 5).
"""

import re

WORD = "CANARY"
CLAIM = "mark"
CLAIM_VALUE = WORD * 4
REFRESH_TOKEN_PREFIX = f"rt-{WORD}-"
CODE_PREFIX = f"ac-{WORD}-"
SIGN_IN_PREFIX = f"si-{WORD}-"

JWT_SHAPE = re.compile(r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}")
JWT_MARKS = ("Q0FOQVJZQ0FO", "QU5BUllDQU5B", "TkFSWUNBTkFS")
"""CANARYCAN, ANARYCANA, NARYCANAR in base64url: one of them is in every signed claim set."""

TOKEN_PATTERNS = (
    JWT_SHAPE,
    *(re.compile(mark) for mark in JWT_MARKS),
    re.compile(re.escape(REFRESH_TOKEN_PREFIX)),
    re.compile(re.escape(CLAIM_VALUE)),
)
"""Tokens, encoded or decoded: no browser ever sees one."""

CODE_PATTERN = re.compile(re.escape(CODE_PREFIX))
"""Authorization codes: they travel through the browser's address once, and must stay there."""

CANARY_PATTERNS = (*TOKEN_PATTERNS, CODE_PATTERN)
"""Everything this provider issues to a client."""


def found_in(text: str) -> bool:
    """Whether ``text`` holds a token of this provider, or a piece of one."""
    return any(pattern.search(text) for pattern in TOKEN_PATTERNS)


def code_in(text: str) -> bool:
    """Whether ``text`` holds an authorization code of this provider."""
    return CODE_PATTERN.search(text) is not None
