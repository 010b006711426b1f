"""What most roles import, for the process that they are forked from.

Nothing here may start a thread, open a connection or draw a random number when it is imported.
"""

import fastapi  # noqa: F401
import langgraph.graph  # noqa: F401
import pypinyin  # noqa: F401
import pywebpush  # noqa: F401
