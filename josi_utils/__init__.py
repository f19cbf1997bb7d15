"""Josi: train, prove and ship a small language model that speaks for a coaching engine."""

__version__ = "0.1.0"
