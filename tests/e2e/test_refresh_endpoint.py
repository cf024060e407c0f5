"""POST /bff/refresh over real HTTP: how often it may be asked, and that its limit is its own."""

import pytest

from tests.e2e.api_browser import ApiBrowser
from tests.e2e.processes import Stack


@pytest.mark.req("S1", "S9", "N98")
def test_refreshing_has_a_limit_of_its_own(stack: Stack) -> None:
    """429 with Retry-After for the one session that asks too often; its calls, and others, go on."""
    eager = ApiBrowser(stack.bff.url, stack.provider_url)
    other = ApiBrowser(stack.bff.url, stack.provider_url)
    eager.sign_in()
    other.sign_in("grace")
    answers = [eager.send("POST", "/bff/refresh") for _ in range(40)]
    allowed = [answer for answer in answers if answer.status_code == 200]
    refused = answers[len(allowed) :]
    assert refused, "nothing was refused"
    assert {answer.status_code for answer in refused} == {429}
    for answer in refused:
        assert answer.headers["bff-error"] == "rate_limited"
        assert int(answer.headers["retry-after"]) >= 1
        assert "set-cookie" not in answer.headers
    assert eager.send("GET", "/api/me").status_code == 200
    assert eager.session()["authenticated"]
    assert other.send("POST", "/bff/refresh").status_code == 200
    eager.close()
    other.close()
