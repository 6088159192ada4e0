"""The names that the result table keeps for itself."""

__all__ = ["RUN_COLUMNS"]

RUN_COLUMNS = (
    *("key", "status", "error", "seconds", "host", "started"),
    *("attempt", "notebook", "data"),
)
"""The columns that say how a run went, versions aside; no parameter or metric may be named so."""
