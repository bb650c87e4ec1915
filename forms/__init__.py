"""What a person can enter. Imports nothing of ours and no database."""
