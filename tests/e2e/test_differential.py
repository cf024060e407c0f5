"""The same requests through our proxy and through nginx: the API and the page see the same.

What differs on purpose (forwarding fields, withheld response fields, our safeguards) is left out of
the comparison by name; whatever else differs is a fault of ours.
"""

import base64
import json
import os
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.api_browser import ApiBrowser
from tests.e2e.processes import ROOT, Stack
from tests.e2e.wire import head, wired
from upstream_mocks import processes

READY_SECONDS = 20.0
CONFIG = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off; server_tokens off; default_type "";
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  map $request_uri $inside {{ "~^/api(?<rest>/.*)$" $rest; }}
  server {{
    listen 127.0.0.1:{port}; client_max_body_size 0; merge_slashes off;
    location / {{
      proxy_pass http://127.0.0.1:{api}$inside;
      proxy_http_version 1.1; proxy_buffering off; proxy_request_buffering off;
      proxy_set_header Host localhost:{api}; proxy_set_header Connection "";
      proxy_set_header Authorization "Bearer {token}";
    }}
  }}
}}
"""
SAME_IN_REQUESTS = {
    "accept", "accept-encoding", "accept-language", "cache-control", "content-encoding", "content-language",
    "content-type", "idempotency-key", "if-match", "if-modified-since", "if-none-match", "if-range",
    "if-unmodified-since", "prefer", "range", "traceparent", "user-agent",
}  # fmt: skip
SAME_IN_RESPONSES = {
    "accept-ranges", "allow", "content-disposition", "content-encoding", "content-language", "content-range",
    "content-type", "etag", "last-modified", "link", "retry-after", "www-authenticate", "x-own",
}  # fmt: skip


def the_nginx() -> str:
    """Where it is; the test fails, and says how to get it, if it is nowhere."""
    here = ROOT / ".cache/nginx/usr/sbin/nginx"
    path = f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"
    found = os.environ.get("NGINX") or shutil.which("nginx", path=path)
    if found is None and here.exists():
        found = str(here)
    assert found, "the proxy is compared with nginx, and there is none: make nginx"
    return found


def a_token(stack: Stack) -> str:
    """An access token for nginx to attach, the client's own."""
    credentials = base64.b64encode(b"eventlead-bff:demo-secret-not-for-production").decode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{stack.provider_port}/token",
        data=urllib.parse.urlencode({"grant_type": "client_credentials"}).encode(),
        headers={"Authorization": f"Basic {credentials}"},
    )
    with urllib.request.urlopen(request, timeout=READY_SECONDS) as response:
        return str(json.loads(response.read())["access_token"])


@pytest.fixture(scope="module")
def nginx(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its origin."""
    folder = tmp_path_factory.mktemp("nginx")
    (port,) = processes.free_ports(1)
    config = folder / "nginx.conf"
    token = a_token(stack)
    config.write_text(
        CONFIG.format(folder=folder, port=port, api=stack.api_port, token=token), encoding="utf-8"
    )
    running = subprocess.Popen([the_nginx(), "-p", str(folder), "-c", str(config), "-e", "stderr"])
    deadline = time.monotonic() + READY_SECONDS
    while processes.port_is_free(port):
        assert running.poll() is None, "nginx ended"
        assert time.monotonic() < deadline, "nginx is not ready"
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    running.terminate()
    running.wait()


@pytest.fixture(scope="module")
def ada(stack: Stack) -> Iterator[ApiBrowser]:
    """Signed in."""
    browser = ApiBrowser(stack.bff.url, stack.provider_url)
    browser.sign_in()
    yield browser
    browser.close()


@dataclass
class Case:
    """One request: method, path below /api, fields, body as it goes over the wire."""

    method: str
    path: str
    fields: list[str] = field(default_factory=list)
    body: bytes = b""
    version: bytes = b"HTTP/1.1"


def length(body: bytes) -> str:
    """The field that says so."""
    return f"Content-Length: {len(body)}"


BIG = bytes(range(256)) * 4096
TWICE = ["Accept: a/b", "Accept: c/d;q=0.5"]
STATUSES = (200, 201, 204, 205, 206, 304, 400, 404, 409, 410, 418, 429, 451, 500, 502, 503, 599)
CHUNKED = "Transfer-Encoding: chunked"
CASES: dict[str, Case] = {
    "get": Case("GET", "/echo"),
    "http/1.0": Case("GET", "/echo", version=b"HTTP/1.0"),
    "a deep path": Case("GET", "/echo/a/b/c/"),
    "encoded octets": Case("GET", "/echo/%20%C3%A9%E2%82%AC/x%3Fy"),
    "sub-delimiters": Case("GET", "/echo/!$&'()*+,=:@-._~"),
    "lower-case hex": Case("GET", "/echo/%c3%a9"),
    "a query": Case("GET", "/echo?a=1&b=%2F%26&c=+&d=/?x"),
    "an empty query": Case("GET", "/echo?"),
    "a query of its own kind": Case("GET", "/echo?a[]=1&a[]=2;b|c"),
    "a long query": Case("GET", "/echo?q=" + "x" * 6000),
    "fields twice": Case("GET", "/echo", TWICE),
    "an empty field": Case("GET", "/echo", ["Accept-Language:"]),
    "octets beyond ascii": Case("GET", "/echo", ["Prefer: gr\xfc\xdfe"]),
    "spaces around a value": Case("GET", "/echo", ["Prefer:   x   "]),
    "conditions": Case("GET", "/echo", ['If-None-Match: "a", W/"b"', "If-Match: *"]),
    "a get with a body": Case("GET", "/echo", [length(b"hello")], b"hello"),
    "post": Case("POST", "/echo", [length(b"hello"), "Content-Type: text/plain"], b"hello"),
    "an empty post": Case("POST", "/echo", ["Content-Length: 0"]),
    "a post without a length": Case("POST", "/echo"),
    "a delete": Case("DELETE", "/echo/7"),
    "a delete with a body": Case("DELETE", "/echo", [length(b"x")], b"x"),
    "put": Case("PUT", "/echo", [length(BIG)], BIG),
    "patch": Case("PATCH", "/echo", [length(b"{}"), "Content-Type: application/json"], b"{}"),
    "options": Case("OPTIONS", "/echo"),
    "head": Case("HEAD", "/echo"),
    "chunks": Case("POST", "/echo", [CHUNKED], b"5\r\nhello\r\n1;a=b\r\n!\r\n0\r\n\r\n"),
    "no chunks": Case("POST", "/echo", [CHUNKED], b"0\r\n\r\n"),
    "a compressed body": Case("POST", "/echo", [length(b"\x1f\x8b"), "Content-Encoding: gzip"], b"\x1f\x8b"),
    "upload": Case("POST", "/upload", [length(BIG)], BIG),
    "download": Case("GET", "/download?size=300000"),
    "an empty download": Case("GET", "/download?size=0"),
    "head of a download": Case("HEAD", "/download?size=300000"),
    "a range": Case("GET", "/download?size=1000", ["Range: bytes=10-19"]),
    "the end of it": Case("GET", "/download?size=1000", ["Range: bytes=-5"]),
    "a range beyond": Case("GET", "/download?size=1000", ["Range: bytes=5000-"]),
    "several ranges": Case("GET", "/download?size=1000", ["Range: bytes=0-1,5-6"]),
    "head of a range": Case("HEAD", "/download?size=1000", ["Range: bytes=10-19"]),
    "a stream": Case("GET", "/stream?chunks=50&size=1000"),
    "events": Case("GET", "/sse?count=3"),
    "events from an id": Case("GET", "/sse?count=2", ["Last-Event-ID: 5"]),
    "fields twice in the answer": Case("GET", "/headers?h=Link:%3Ca%3E&h=Link:%3Cb%3E&h=X-Own:1&h=X-Own:2"),
    "a coding in the answer": Case("GET", "/headers?h=Content-Encoding:br"),
    "a type of its own": Case("GET", "/headers?h=Content-Type:text/x;a=%22b%22"),
    "an empty field in the answer": Case("GET", "/headers?h=X-Own:"),
    **{str(code): Case("GET", f"/status/{code}") for code in STATUSES},
    **{f"head of {code}": Case("HEAD", f"/status/{code}") for code in STATUSES},
}  # fmt: skip


@dataclass
class Answer:
    """What came back."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes


def through(origin: str, browser: ApiBrowser, case: Case) -> Answer:
    """Send it there, on a connection of its own."""
    request = head(browser, case.method, "/api" + case.path, *case.fields, "Connection: close")
    request = request.replace(b" HTTP/1.1\r\n", b" " + case.version + b"\r\n", 1)
    with wired(origin) as wire:
        wire.send(request + case.body)
        octets = wire.rest()
    head_, _, rest = octets.partition(b"\r\n\r\n")
    line, *lines = head_.decode("latin-1").split("\r\n")
    fields = [(name.lower(), value.strip()) for name, _, value in (f.partition(":") for f in lines)]
    chunked = ("transfer-encoding", "chunked") in fields
    return Answer(int(line.split()[1]), fields, dechunked(rest) if chunked else rest)


def dechunked(octets: bytes) -> bytes:
    """The body, which must have its last chunk."""
    whole = b""
    while True:
        size, _, octets = octets.partition(b"\r\n")
        if not int(size, 16):
            assert octets == b"\r\n"
            return whole
        whole, octets = whole + octets[: int(size, 16)], octets[int(size, 16) + 2 :]


def seen_by_the_api(stack: Stack) -> dict[str, Any]:
    """The request as it arrived, what both proxies must agree on."""
    last: dict[str, Any] = stack.ask("api", "GET", "/__stats")["last"]
    fields = [(n.lower(), v) for n, v in last["headers"] if n.lower() in SAME_IN_REQUESTS]
    return {**{name: last[name] for name in ("method", "path", "query")}, "fields": sorted(fields)}


def content(answer: Answer) -> Any:
    """The body; of an echo what is about the request and not about the proxy."""
    if answer.body.startswith(b'{"bytes"'):  # in how many pieces they came is nobody's business
        return {**json.loads(answer.body), "pieces": None}
    if not answer.body.startswith(b'{"method"'):
        return answer.body
    echoed = json.loads(answer.body)
    return {name: echoed[name] for name in ("method", "path", "query", "body")}


@pytest.mark.req("N93", "N95")
@pytest.mark.parametrize("name", CASES)
def test_both_proxies_agree(stack: Stack, ada: ApiBrowser, nginx: str, name: str) -> None:
    """On what the API sees, on the status, on the fields, on the body to the last octet."""
    case = CASES[name]
    theirs = through(nginx, ada, case)
    seen_theirs = seen_by_the_api(stack)
    ours = through(ada.origin, ada, case)
    assert seen_by_the_api(stack) == seen_theirs
    assert ours.status == theirs.status
    assert content(ours) == content(theirs)
    shown = [[f for f in answer.fields if f[0] in SAME_IN_RESPONSES] for answer in (ours, theirs)]
    assert sorted(shown[0]) == sorted(shown[1])
    lengths = [dict(answer.fields).get("content-length") for answer in (ours, theirs)]
    told_of_the_way = case.path == "/upload" or "/echo" in case.path  # pieces; the proxy itself
    if None not in lengths and not told_of_the_way:
        assert lengths[0] == lengths[1]


def test_the_comparison_can_fail(stack: Stack, ada: ApiBrowser, nginx: str) -> None:
    """Two different requests do not agree."""
    through(nginx, ada, CASES["get"])
    seen = seen_by_the_api(stack)
    through(ada.origin, ada, CASES["fields twice"])
    assert seen_by_the_api(stack) != seen
    assert Path(the_nginx()).exists()
