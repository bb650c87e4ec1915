"""Kill the server at random moments of a running batch: nothing acknowledged is lost, nothing is recorded twice.

`python -m tests.crash --full` kills it a hundred times per database and prints when the kills landed.
"""
