"""What a picture process looks with in tests; a module of its own, so that the process starts fast."""

from moderation.findings import Category, Finding

NUDE = Finding(Category.SEXUAL, 0.9, "picture.nudity", 0, 0, "female_breast_exposed (10,20 30x40)")


def nudity(data: bytes) -> list[Finding]:
    """A `moderation.vision.worker.Look`: whatever is not called innocent is nude."""
    return [] if data == b"innocent" else [NUDE]
