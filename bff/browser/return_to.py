"""return_to (placeholder signature, being filled)."""


def parse_return_to(text: str | None) -> str: ...
