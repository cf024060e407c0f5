"""A browser without a window that signs in at any subject: out to the provider, back, cookies kept."""

import ssl
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urljoin

import httpx

MOST_STEPS = 12


def signed_in(origin: str, login: str, http: httpx.Client) -> dict[str, str]:
    """The cookies that the subject's origin has set when everything has come to rest."""
    cookies: dict[str, str] = {}
    provider_cookies: dict[str, str] = {}
    url, site = origin + login, "same-origin"
    for _ in range(MOST_STEPS):
        own = url.startswith(origin + "/")
        jar = cookies if own else provider_cookies
        answer = http.get(url, headers=_navigation(jar, site))
        site = "cross-site"
        _keep(answer, jar)
        if answer.status_code not in {302, 303}:
            break
        url = urljoin(url, answer.headers["location"])
        if url.startswith(origin + "/") and own and "/callback" not in url:
            break
        if not url.startswith(origin + "/") and "mock_user=" not in url:
            url += ("&" if "?" in url else "?") + "mock_user=ada"
    else:
        raise RuntimeError(f"{origin}: no end to the redirects, at {url}")
    if answer.status_code >= 400 and not url.startswith(origin):
        raise RuntimeError(f"{url}: {answer.status_code} {answer.text[:300]}")
    return cookies


def request_fields(origin: str, cookies: dict[str, str], http: httpx.Client) -> dict[str, str]:
    """The header fields that a call of a signed-in page carries."""
    fields = {"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    if "__Host-Http-bff" in cookies:
        said = http.get(
            origin + "/bff/session",
            headers={**fields, "bff-session": "any", "sec-fetch-site": "same-origin"},
        ).json()
        fields["bff-session"] = said["ref"]
    return fields


def write_sessions(path: Path, origin: str, login: str, count: int, authorities: Path) -> None:
    """``count`` sessions, one a line, as wrk's script reads them; ``authorities`` (PEM) vouch for the provider."""
    trusted = ssl.create_default_context(cafile=str(authorities))
    with httpx.Client(trust_env=False, timeout=30, verify=trusted) as http:
        lines = []
        for _ in range(count):
            cookies = signed_in(origin, login, http)
            fields = request_fields(origin, cookies, http)
            lines.append("\t".join(f"{name}={value}" for name, value in fields.items()))
        path.write_text("\n".join(lines) + "\n")


def _navigation(jar: dict[str, str], site: str) -> dict[str, str]:
    fields = {
        "sec-fetch-site": site,
        "sec-fetch-mode": "navigate",
        "sec-fetch-dest": "document",
        "accept": "text/html",
    }
    if jar:
        fields["cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
    return fields


def _keep(answer: httpx.Response, jar: dict[str, str]) -> None:
    for line in answer.headers.get_list("set-cookie"):
        for name, morsel in SimpleCookie(line).items():
            if morsel["max-age"] == "0" or morsel.value == "":
                jar.pop(name, None)
            else:
                jar[name] = morsel.value
    answer.close()
