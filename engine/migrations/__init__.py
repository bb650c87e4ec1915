"""The history of the tables. A released migration is never edited; a change is a new one, with the reason in prose."""
