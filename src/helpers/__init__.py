"""Data, measures, runner and site of the living replication."""

__version__ = "0.1.0"
