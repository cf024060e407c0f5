"""Two APIs with two audiences, over real HTTP: each sees tokens for itself only."""

import tomllib
from collections.abc import Callable

import pytest

from tests.e2e.api_browser import ApiBrowser
from tests.e2e.processes import ROOT, Stack
from upstream_mocks import processes

BILLING = "https://billing.eventlead.example"


def index_of(prefix: str) -> int:
    """The place of a route in the table."""
    routes = tomllib.loads((ROOT / "bff.toml").read_text(encoding="utf-8"))["routes"]
    return next(number for number, route in enumerate(routes) if route["prefix"] == prefix)


@pytest.mark.req("N77", "N78")
def test_each_api_sees_its_own_audience(new_stack: Callable[..., Stack]) -> None:
    """One session, one refresh token, two access tokens; a resource nobody knows is 502 and harms nothing."""
    stack = new_stack()
    (port,) = processes.free_ports(1)
    stack.launch_api("billing", port, f"--audience {BILLING}")
    bills, unknown = f"routes.{index_of('/api/me')}", f"routes.{index_of('/api/status')}"
    stack.add_bff(
        "bff",
        {
            f"{bills}.resource": BILLING,
            f"{bills}.upstream": f"http://localhost:{port}/me",
            f"{unknown}.resource": "https://nobody.example",
        },
    )
    ada = ApiBrowser(stack.bff.url, stack.provider_url)
    ada.sign_in()
    for _ in range(3):
        assert ada.send("GET", "/api/me").status_code == 200
        assert ada.send("GET", "/api/events").status_code == 200
        refused = ada.send("GET", "/api/status/200")
        assert (refused.status_code, refused.headers["bff-error"]) == (502, "audience_refused")
        assert refused.headers["bff-forwarded"] == "no"
    audiences = {
        name: stack.ask(name, "GET", "/__stats")["audiences"] for name in ("api", "billing")
    }
    assert audiences == {"api": {"https://api.eventlead.example": 3}, "billing": {BILLING: 3}}
    provider = stack.ask("provider", "GET", "/__stats")
    assert (provider["issued"]["refresh_token"], provider["refresh_reuse_detected"]) == (1, 0)
    assert provider["token_errors"] == {"invalid_target": 1}
    assert '"audit":"audience_token_refused"' in stack.log("bff")
    assert ada.session()["authenticated"]
    ada.close()
