"""Properties that hold for every input: sums, borders, order, repetition."""
