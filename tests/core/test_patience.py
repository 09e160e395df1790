import pytest

from mlci.core.patience import Refusal, wait_before

DATE = "Sat, 21 Nov 2026 10:00:00 GMT"
SPENT = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795255230", "date": DATE}


@pytest.mark.parametrize(
    ("status", "message", "headers", "wait"),
    [
        (None, "reset", {}, 1.0),
        (502, "bad gateway", {}, 1.0),
        (429, "", {"retry-after": "7"}, 7.0),
        (429, "", {"retry-after": "Sat, 21 Nov 2026 10:00:09 GMT", "date": DATE}, 9.0),
        (429, "", {"retry-after": "soon"}, 60.0),
        (429, "", {}, 60.0),
        (403, "You have exceeded a secondary rate limit", {}, 60.0),
        (403, "API rate limit", SPENT, 30.0),
        (403, "Resource not accessible by integration", {}, None),
        (401, "Bad credentials", {}, None),
        (404, "Not Found", {}, None),
        (422, "Validation Failed", {}, None),
        (429, "", {"retry-after": "3600"}, None),
    ],
)  # fmt: skip
def test_how_long_to_wait(
    status: int | None, message: str, headers: dict[str, str], wait: float | None
) -> None:
    refusal = Refusal(status=status, message=message, headers=headers)
    assert wait_before(refusal, attempt=1, waited=0) == wait


def test_the_budget_is_one_for_all_attempts() -> None:
    busy = Refusal(status=503, message="", headers={"retry-after": "100"})
    assert wait_before(busy, attempt=2, waited=150) == 100
    assert wait_before(busy, attempt=3, waited=250) is None
    assert wait_before(busy, attempt=5, waited=0) is None
