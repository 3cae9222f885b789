"""Completers of other kinds, trained on the same text, to measure ours against in the same simulation."""
