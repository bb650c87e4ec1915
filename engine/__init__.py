"""What happened, who did it, and was it allowed. Speaks no HTTP."""
