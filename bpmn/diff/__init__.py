"""What changed between two revisions of a recipe, and what each change means for the batches made by it."""
