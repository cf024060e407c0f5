"""Hints by which people recognise their own sessions: what they used, and from where, roughly.

Words of our own, never the browser's text: whatever a User-Agent says, a hint is safe to show and to
log. An address is shortened to its network, enough to tell home from abroad.
"""

import ipaddress

_BROWSERS = (
    (b"Edg/", "Edge"),
    (b"EdgA/", "Edge"),
    (b"OPR/", "Opera"),
    (b"SamsungBrowser/", "Samsung Internet"),
    (b"Firefox/", "Firefox"),
    (b"FxiOS/", "Firefox"),
    (b"CriOS/", "Chrome"),
    (b"Chrome/", "Chrome"),
    (b"Safari/", "Safari"),
    (b"curl/", "curl"),
)
_SYSTEMS = (
    (b"iPhone", "iPhone"),
    (b"iPad", "iPad"),
    (b"Android", "Android"),
    (b"CrOS", "ChromeOS"),
    (b"Windows", "Windows"),
    (b"Mac OS X", "macOS"),
    (b"Linux", "Linux"),
)
_LIMIT = 512


def device_hint(user_agent: bytes | None) -> str | None:
    """``Firefox on Linux``, as much of it as can be told; None without a User-Agent.

    The first mark that is found decides: browsers name those they resemble after themselves
    (RFC 9110, section 10.1.5).
    """
    if not user_agent:
        return None
    text = user_agent[:_LIMIT]
    browser = next((name for mark, name in _BROWSERS if mark in text), "unknown browser")
    system = next((name for mark, name in _SYSTEMS if mark in text), None)
    return browser if system is None else f"{browser} on {system}"


def network_hint(address: str) -> str | None:
    """The network of an address: 24 bits of IPv4, 48 of IPv6; None for what is no address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    length = 24 if parsed.version == 4 else 48  # noqa: PLR2004  the two versions
    return str(ipaddress.ip_network((parsed, length), strict=False))
