"""Tests, on the same paths as the code."""
