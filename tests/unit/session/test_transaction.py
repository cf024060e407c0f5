"""The login transaction."""

from bff.session.transaction import LoginTransaction
from tests.builders import NOW


def test_a_transaction_does_not_show_its_content() -> None:
    """Its repr is safe to log: it holds a verifier and a nonce."""
    transaction = LoginTransaction(
        browser="b-secret",
        nonce="n-secret",
        code_verifier="v-secret",
        redirect_uri="https://app.example/bff/callback",
        return_to="/",
        popup=False,
        created_at=NOW,
    )
    assert "secret" not in repr(transaction)
