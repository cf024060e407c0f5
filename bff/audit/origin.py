"""Where a request came from, in words of our own: nothing a browser wrote gets into the trail."""

import ipaddress
import re
from typing import Literal

AddressPlan = Literal["network", "full", "none"]
IPV4_BITS, IPV6_BITS = 24, 48
_FAMILIES = (
    ("Edge", re.compile(r"Edg(?:e|A|iOS)?/(\d{1,4})")),
    ("Opera", re.compile(r"OPR/(\d{1,4})")),
    ("Samsung Internet", re.compile(r"SamsungBrowser/(\d{1,4})")),
    ("Firefox", re.compile(r"(?:Firefox|FxiOS)/(\d{1,4})")),
    ("Chrome", re.compile(r"(?:Headless)?(?:Chrome|CriOS)/(\d{1,4})")),
    ("Safari", re.compile(r"Version/(\d{1,4})[\d.]* (?:Mobile/\S+ )?Safari/")),
    ("curl", re.compile(r"^curl/(\d{1,4})")),
    ("Python", re.compile(r"(?i)^python-?(?:httpx|requests|urllib)?/(\d{1,4})")),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def shown_address(address: str, plan: AddressPlan) -> str | None:
    """The client's address as the trail keeps it: its network (a /24, a /48), all of it, or nothing.

    Text that is no address is nothing: it came from a header.
    """
    if plan == "none":
        return None
    try:
        read = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return None
    if isinstance(read, ipaddress.IPv6Address) and read.ipv4_mapped is not None:
        read = read.ipv4_mapped
    if plan == "full":
        return str(read)
    bits = IPV4_BITS if read.version == 4 else IPV6_BITS  # noqa: PLR2004
    return str(ipaddress.ip_network(f"{read}/{bits}", strict=False))


def agent_family(user_agent: str | None) -> str | None:
    """``Firefox 131 on Linux``: browser, major version and system, from closed lists."""
    if not user_agent:
        return None
    text = user_agent[:512]
    found = ((name, pattern.search(text)) for name, pattern in _FAMILIES)
    browser = next((f"{name} {match[1]}" for name, match in found if match), "other")
    system = next((name for sign, name in _SYSTEMS if sign in text), None)
    return f"{browser} on {system}" if system else browser


def same_browser(before: str | None, now: str | None) -> bool:
    """Whether two families can be one browser: a version may rise, nothing else changes."""
    return _without_version(before) == _without_version(now)


def _without_version(family: str | None) -> str:
    return re.sub(r" \d+", "", family or "")
