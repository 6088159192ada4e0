"""Where heartbeats come from: the official archive, a simulator, a person's own files."""

from ecglab.datasets._ecg5000 import fetch_ecg5000
from ecglab.datasets._load import load_heartbeats
from ecglab.datasets._simulator import make_heartbeats

__all__ = ["fetch_ecg5000", "load_heartbeats", "make_heartbeats"]
