"""What a diagram can say: vocabulary, expressions, checks, import and layout. No database, nothing of ours imported."""
