"""Ghosts in other people's editors, over protocols that those speak. No terminal here, and no key: editors draw."""
