"""Which values are secrets."""

from mlci.core.secrets import secrets_of, without_credentials


def test_values_are_found_by_the_names_of_their_variables() -> None:
    environment = {
        "GITHUB_TOKEN": "ghs_abcdef",
        "AWS_SECRET_ACCESS_KEY": "abcdefgh",
        "db_password": "correct horse",
        "PATH": "/usr/bin:/bin",
        "EMPTY_TOKEN": "",
        "SHORT_TOKEN": "1",
    }

    assert secrets_of(environment) == ("abcdefgh", "correct horse", "ghs_abcdef")


def test_credentials_in_urls_are_hidden_and_plain_urls_stay() -> None:
    assert (
        without_credentials("git clone https://ana:pw@example.org/x") == "git clone https://***@example.org/x"
    )
    assert without_credentials("https://example.org/a@b") == "https://example.org/a@b"
