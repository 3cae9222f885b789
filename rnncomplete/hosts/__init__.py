"""Ghosts in other people's programs; each module here is for one of them and imports it only when called."""
