"""Verbs: one function an act, read like the SOP. The actor is an argument, no HTTP is spoken, nothing commits here."""
