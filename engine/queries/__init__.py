"""Reads for people: one file a view. Nothing here writes, and nothing decides."""
