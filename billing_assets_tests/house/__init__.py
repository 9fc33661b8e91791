"""The style rules as tests: pure functions, each shown to fail on a planted fault, then run over the tree."""
