"""One way to write Chinese: Whisper mixes traditional and simplified script, often in one sentence."""

import functools
import re
from typing import Any

_BROKEN = re.compile("�+")


@functools.lru_cache(maxsize=1)
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


def simplified(text: str) -> str:
    """`text` in simplified script, without the halves of characters that the decoder sometimes leaves."""
    return str(_converter().convert(_BROKEN.sub("", text))).strip()
