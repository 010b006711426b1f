"""What no rule decides: the nearest labelled examples by embedding."""

from ai.assistant.intent import Reading
from ai.assistant.models import Language
from ai.embeddings import Embedder


class IntentClassifier:
    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def prepare(self) -> None: ...

    def read(self, text: str, language: Language) -> Reading | None:
        return None
