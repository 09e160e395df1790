"""The program `mlci`."""


def main() -> None:
    """Run the command line and exit."""
