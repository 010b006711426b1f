"""Refusals of the moderators' queue."""

from app.core.errors import Conflict, Forbidden, NotFound


class CaseNotFound(NotFound):
    code = "case_not_found"
    title = "There is no such case"


class CaseClaimed(Conflict):
    """`claimed_by` and `claimed_until` in `extra`."""

    code = "case_claimed"
    title = "Somebody else works on this case"


class CaseDecided(Conflict):
    """`status` in `extra`."""

    code = "case_decided"
    title = "This case has been decided"


class OwnCase(Forbidden):
    code = "own_case"
    title = "Nobody decides a case about themselves, nor reviews their own decision"


class NoReview(Conflict):
    code = "no_review_wanted"
    title = "This case wants no second look"
