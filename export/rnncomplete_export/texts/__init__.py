"""Texts to learn from. Nothing here knows of a network."""
