"""Facts about words, values and rules."""
