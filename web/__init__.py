"""The record as pages, and the command line."""
