"""What "this lipstick" means where no product is named."""

from collections.abc import Sequence

import numpy as np
import pytest

from ai.cues.decisions import Pin, Suggest
from ai.cues.engine import CueEngine
from ai.cues.kinds import Kinds
from ai.cues.products import ListedProduct
from ai.cues.screen import PinSettings
from ai.embeddings import Vector
from ai.transcription.segments import TranscriptSegment
from app.core.ids import new_id
from tests.ai.cues.catalogue import FRYER, LAMP

BEAN = ListedProduct("bean", "豆沙色丝绒口红", "Bean Paste Velvet Lipstick")
CORAL = ListedProduct("coral", "珊瑚色丝绒口红", "Coral Velvet Lipstick")
BOTH = [(Suggest, "bean"), (Suggest, "coral")]


class CountingEmbedder:
    """Every text is alike; counts the texts."""

    name, dims = "counting", 2

    def __init__(self) -> None:
        self._texts = 0

    def take(self) -> int:
        taken, self._texts = self._texts, 0
        return taken

    def query(self, text: str) -> Vector:
        vector: Vector = self.passages([text])[0]
        return vector

    def passages(self, texts: Sequence[str]) -> Vector:
        self._texts += len(texts)
        return np.ones((len(texts), self.dims), dtype=np.float32)


def heard_among(
    products: tuple[ListedProduct, ...], *texts: str, language: str = "zh"
) -> list[tuple[type, str]]:
    """What the last of `texts` brings in a room with `products`."""
    engine, found = CueEngine((FRYER, LAMP, *products), PinSettings()), []
    for n, text in enumerate(texts):
        said = TranscriptSegment(new_id(), text, language, 20.0 * n, 20.0 * n + 4)
        found = [
            (type(d), d.product_id)
            for d in engine.observe(said, 20.0 * n + 4.5)
            if isinstance(d, Pin | Suggest)
        ]
    return found


@pytest.mark.parametrize(
    ("products", "text", "language", "decided"),
    [
        ((BEAN,), "接下来给大家看这支口红,特别显白", "zh", [(Pin, "bean")]),
        ((BEAN, CORAL), "接下来给大家看这支口红,特别显白", "zh", BOTH),
        ((BEAN, CORAL), "下面给大家看这支口红特别显白", "zh", BOTH),
        ((BEAN, CORAL), "Next up is this lipstick, it stays on all day.", "en", BOTH),
        ((BEAN, CORAL), "接下来给大家看这支唇釉,特别显白", "zh", BOTH),
        ((BEAN,), "接下来给大家看这支唇釉,特别显白", "zh", [(Suggest, "bean")]),
        ((BEAN, CORAL), "昨天那支口红卖完了,这支口红不是我们家的", "zh", []),
        ((BEAN, CORAL), "接下来给大家看这个价格,特别划算", "zh", []),
        ((BEAN, CORAL), "接下来给大家看这台洗衣机,特别安静", "zh", []),
    ],
)  # fmt: skip
def test_this_lipstick_means_the_only_one_and_is_a_choice_where_there_are_two(
    products: tuple[ListedProduct, ...], text: str, language: str, decided: list[tuple[type, str]]
) -> None:
    assert heard_among(products, text, language=language) == decided


def test_this_lipstick_is_the_one_on_screen() -> None:
    shown = "接下来看这支珊瑚色丝绒口红,很显气质"
    assert heard_among((BEAN, CORAL), shown, "大家看这支口红,一点都不拔干") == []


def test_another_word_for_a_kind_costs_a_bounded_number_of_embeddings_a_sentence() -> None:
    embedder = CountingEmbedder()
    products = [ListedProduct(str(n), f"{n}号玻璃杯", f"Glass {n}") for n in range(9)]
    kinds = Kinds(lambda: embedder)

    asked = []
    for _ in range(4):
        kinds.update(products)
        kinds.meant("来看这支唇釉,特别显白")
        asked.append(embedder.take())
    kinds.update(products * 10)
    kinds.meant("来看这支唇釉,特别显白")

    assert asked == [8, 8, 23, 1], (
        "four products, four products, one and everyday words and the word, the word"
    )
    assert embedder.take() == 0
