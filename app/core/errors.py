"""Business errors, each with a stable code; the web app answers them as RFC 9457 problem+json."""

from typing import Any, ClassVar


class Problem(Exception):
    """A refusal that a client can understand.

    Subclasses set `code` (stable, snake_case), `status` (HTTP) and `title`. `detail` speaks to a
    person; `extra` members become members of the problem document.
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong on our side"

    def __init__(self, detail: str = "", **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.extra = extra

    def document(self) -> dict[str, Any]:
        """The problem details object (RFC 9457 §3)."""
        body: dict[str, Any] = {
            "type": f"urn:shopcast:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
        }
        if self.detail:
            body["detail"] = self.detail
        return body | self.extra


def answers(*problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """How an endpoint's OpenAPI document tells of these problems (FastAPI's `responses`)."""
    told: dict[int | str, dict[str, Any]] = {}
    for problem in problems:
        codes = told.get(problem.status, {}).get("description", "").split()
        told[problem.status] = {
            "description": " ".join([*codes, problem.code]),
            "content": {"application/problem+json": {"schema": {"type": "object"}}},
        }
    return told


class Invalid(Problem):
    code = "invalid"
    status = 422
    title = "The request does not make sense"


class Unauthenticated(Problem):
    code = "unauthenticated"
    status = 401
    title = "Log in first"


class Forbidden(Problem):
    code = "forbidden"
    status = 403
    title = "Your account may not do this"


class NotFound(Problem):
    code = "not_found"
    status = 404
    title = "Not found"


class Conflict(Problem):
    code = "conflict"
    status = 409
    title = "It has changed meanwhile"


class RateLimited(Problem):
    """`retry_after_s` in `extra` says when to come back."""

    code = "rate_limited"
    status = 429
    title = "Too fast"


class VendorError(Exception):
    """A service that we call has failed; `retryable` says whether asking again may help."""

    def __init__(self, vendor: str, message: str, *, retryable: bool) -> None:
        super().__init__(f"{vendor}: {message}")
        self.vendor = vendor
        self.retryable = retryable
