"""Identifiers: UUIDv7 (RFC 9562 §5.7), so that keys sort by the time they were made."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A new UUIDv7."""
    return uuid7()
