"""Where heartbeats come from: the official archive, a simulator, a person's own files."""

from ecglab.datasets._columns import TableOptions
from ecglab.datasets._ecg5000 import fetch_ecg5000, find_ecg5000
from ecglab.datasets._fetch import data_homes
from ecglab.datasets._labels import UNLABELLED
from ecglab.datasets._load import load_heartbeats, load_record, load_signal
from ecglab.datasets._read import Chunk, iter_heartbeats, read_chunks, read_heartbeats
from ecglab.datasets._record import Record, read_record
from ecglab.datasets._simulate_record import make_record
from ecglab.datasets._simulator import make_heartbeats
from ecglab.datasets._wfdb import Annotations, read_annotations

__all__ = [
    "UNLABELLED",
    "Annotations",
    "Chunk",
    "Record",
    "TableOptions",
    "data_homes",
    "fetch_ecg5000",
    "find_ecg5000",
    "iter_heartbeats",
    "load_heartbeats",
    "load_record",
    "load_signal",
    "make_heartbeats",
    "make_record",
    "read_annotations",
    "read_chunks",
    "read_heartbeats",
    "read_record",
]
