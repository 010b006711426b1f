"""Weights from labelled sentences."""

from dataclasses import replace
from pathlib import Path

import pytest

from ai.cues.presentation import FEATURES
from ai.cues.training import Example, cross_validated, fit, load_examples, table_of
from ai.cues.usage import Usage


def examples(words: str, first: int, *, presents: bool) -> list[Example]:
    said = [(f"{who}{words}，", f"，{what}") for who in "甲乙丙丁戊己" for what in ("好", "美")]
    return [
        Example(Usage(before, "杯子", after, "zh", whole_name=True), presents, number)
        for number, (before, after) in enumerate(said, first)
    ]


SHOWN = examples("瞧瞧这边", 0, presents=True)
TOLD = examples("念叨着", len(SHOWN), presents=False)


def test_hypotheses_of_one_utterance_are_one_sentence_and_learned_as_they_stand(tmp_path: Path) -> None:
    heard = "# heard\n\nzh X 等下有[杯子]\nzh X 等下有[杯子]再讲一遍\n\nzh P 来看[杯子],很好看的\n"
    (tmp_path / "heard.txt").write_text(heard, encoding="utf-8")
    found = load_examples(tmp_path)
    table = table_of(found)

    assert found[0].sentence == found[1].sentence != found[2].sentence
    assert list(table.example) == [0, 1, 2], "not cut"
    assert list(table.whole) == [False, True, True], "the first is only half of it"


def test_lines_name_language_label_and_product(tmp_path: Path) -> None:
    file = tmp_path / "plain.txt"
    file.write_text("# told\n\nzh P 来看[陶瓷花瓶]，手工的\nen X not the {vase} today\n", encoding="utf-8")

    shown, told = load_examples(tmp_path)

    assert (shown.usage, shown.presents) == (
        Usage("来看", "陶瓷花瓶", "，手工的", "zh", whole_name=True),
        True,
    )
    assert (told.usage, told.presents) == (Usage("not the ", "vase", " today", "en", whole_name=False), False)
    assert shown.sentence != told.sentence
    file.write_text("zh P 没有名字\n", encoding="utf-8")
    with pytest.raises(ValueError, match="没有名字"):
        load_examples(tmp_path)


def test_a_folder_without_examples_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no examples"):
        load_examples(tmp_path)


def test_phrases_that_part_the_sentences_get_weights_of_their_side() -> None:
    table = table_of([*SHOWN, *TOLD])
    weights, _ = fit(table)
    learned = dict(zip(table.phrases, weights[len(FEATURES) :], strict=True))

    assert learned["<瞧 瞧"] > 0.1 > -0.1 > learned["<念 叨"]
    assert "<甲 瞧" not in learned, "too few sentences have it"


def test_sentences_are_judged_by_weights_that_have_not_seen_them() -> None:
    odd = replace(TOLD[0], presents=True)
    table = table_of([*SHOWN, *TOLD[1:], odd])
    probabilities = cross_validated(table)
    is_odd = table.sentence == odd.sentence

    assert ((probabilities > 0.5) == (table.presents > 0.5))[~is_odd].all()
    assert (probabilities[is_odd] < 0.5).all(), "as all the others of its words"
