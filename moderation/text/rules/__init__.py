"""One rule, one file. A rule reads the evidence and returns findings; policy decides what follows."""

from collections.abc import Callable

from ...findings import Finding
from ..evidence import Evidence
from . import abuse, ad_law, diversion, gambling, illegal, names, privacy, sexual, spam

Rule = Callable[[Evidence], list[Finding]]

ALL: tuple[tuple[str, Rule], ...] = (
    ("abuse", abuse.find),
    ("sexual", sexual.find),
    ("gambling", gambling.find),
    ("illegal", illegal.find),
    ("diversion", diversion.find),
    ("privacy", privacy.find),
    ("spam", spam.find),
    ("ad_law", ad_law.find),
    ("names", names.find),
)
