"""What a message may hold, and what becomes of the rest."""

import pytest

from app.chat.text import EmptyMessage, MessageTooLong, clean


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("  有\t货\n吗\r\n ", "有 货 吗"),
        ("a\u200bb\ufeffc\u00add\u2060e", "abcde"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("\u2066left\u2069\u200f", "left"),
        ("مرحبا می\u200cروم", "مرحبا می\u200cروم"),
        ("👨\u200d👩\u200d👧 🇨🇳 ❤\ufe0f", "👨\u200d👩\u200d👧 🇨🇳 ❤\ufe0f"),
        ("e\u0301", "é"),
        ("x" + "\u0336" * 40, "x" + "\u0336" * 4),
        ("<script>alert('1')</script>", "<script>alert('1')</script>"),
        ("a\u0000b\u001bc\ue000d", "abcd"),
        ("a\u200d\u200d\u200db", "a\u200db"),
        ("哦" * 200, "哦" * 200),
    ],
)
def test_what_is_typed_becomes_one_line_without_the_unseen(typed: str, shown: str) -> None:
    assert clean(typed) == shown


@pytest.mark.parametrize("typed", ["", " \n", "\u200b\u200d\u2060", "\u3164", "\u0301\u0301", "\u0000"])
def test_a_message_that_shows_nothing_is_refused(typed: str) -> None:
    with pytest.raises(EmptyMessage):
        clean(typed)


@pytest.mark.parametrize("typed", ["哦" * 201, "x" * 1_000_000])
def test_a_long_message_is_refused(typed: str) -> None:
    with pytest.raises(MessageTooLong):
        clean(typed)
