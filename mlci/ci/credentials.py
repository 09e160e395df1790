"""How Git is told a token: as a header for one server, never in an address or on a command line."""

Settings = tuple[tuple[str, str], ...]


def header_for(server: str, user: str, token: str) -> Settings:
    """Git settings that show a token to one server only."""
    key = f"http.{server.rstrip('/')}/.extraHeader"
    from base64 import b64encode  # noqa: PLC0415 - only CI has a token to tell

    basic = b64encode(f"{user}:{token}".encode()).decode("ascii")
    # The empty value clears what a checkout may have left: two of these headers are refused.
    return ((key, ""), (key, f"Authorization: Basic {basic}"))
