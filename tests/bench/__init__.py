"""What an act costs: `make bench` prints it, on both databases, beside a bare commit and stock SpiffWorkflow.

A benchmark is no test: nothing here fails a build. Figures belong to the machine that they were measured on.
"""
