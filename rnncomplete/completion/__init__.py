"""From a text to its ghost. Nothing here knows of a prompt, a terminal or an editor."""
