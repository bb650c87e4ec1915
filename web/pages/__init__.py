"""The pages, one file each. A page reads with one query or does one action; it never decides anything itself."""
