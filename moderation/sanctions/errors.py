"""Refusals that sanctions cause."""

from app.core.errors import Conflict, Forbidden, NotFound


class Muted(Forbidden):
    """`sanction_id`, `reason` and `until` (null: until lifted) in `extra`."""

    code = "muted"
    title = "You cannot write here for now"


class Banned(Forbidden):
    """`sanction_id`, `reason` and `until` (null: until lifted) in `extra`."""

    code = "banned"
    title = "You are excluded here"


class SanctionNotFound(NotFound):
    code = "sanction_not_found"
    title = "There is no such sanction"


class SanctionOver(Conflict):
    code = "sanction_over"
    title = "The sanction has ended"


class OwnSanction(Forbidden):
    code = "own_sanction"
    title = "Nobody sanctions themselves or lifts a sanction on themselves"
