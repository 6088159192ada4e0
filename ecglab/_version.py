"""The version of ecglab, alone in its file so that building the package imports nothing else."""

__version__ = "0.1.0"
"""The version of ecglab; versions follow semantic versioning."""
