"""Lists, pairs and questions in the cells of a CSV file; a backslash stands before what would part them."""

import re
from collections.abc import Callable, Iterable

ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def text(cell: str) -> str:
    return cell


def default(value: object) -> Callable[[str], object]:
    """What an empty cell means."""
    return lambda cell: cell or value


def names(cell: str) -> list[str]:
    """`a;b`; `joined` writes it."""
    return [_plain(part) for part in _split(cell, ";")]


def pairs(cell: str) -> dict[str, str]:
    """`name=value;…`; `paired` writes it."""
    return dict(_halves(part) for part in _split(cell, ";"))


def faq(cell: str) -> list[dict[str, str]]:
    """A line `question=answer` each."""
    entries = (_halves(part) for part in _split(cell.replace("\r\n", "\n"), "\n"))
    return [{"question": question, "answer": answer} for question, answer in entries]


def joined(texts: Iterable[str]) -> str:
    return ";".join(_escaped(text, ";") for text in texts)


def paired(entries: Iterable[tuple[str, str]], separator: str = ";") -> str:
    return separator.join(
        f"{_escaped(name, f'={separator}')}={_escaped(value, separator)}" for name, value in entries
    )


def _split(cell: str, separator: str) -> list[str]:
    """The parts, without empty ones; a separator behind a backslash separates nothing."""
    parts = re.findall(rf"(?:\\.|[^\\{separator}])+", cell, re.DOTALL)
    return [part.strip() for part in parts if part.strip()]


def _halves(part: str) -> tuple[str, str]:
    """Before and behind the first `=` that no backslash stands before."""
    found = re.match(r"((?:\\.|[^\\=])*)=?(.*)", part, re.DOTALL)
    assert found is not None
    return _plain(found[1]), _plain(found[2])


def _plain(part: str) -> str:
    return ESCAPED.sub(r"\1", part).strip()


def _escaped(part: str, special: str) -> str:
    return re.sub(rf"([\\{special}])", r"\\\1", part)
