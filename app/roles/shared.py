"""What most roles import, for the process that they are forked from.

Nothing here may start a thread, open a connection or draw a random number when it is imported.
"""

import langgraph.graph  # noqa: F401
