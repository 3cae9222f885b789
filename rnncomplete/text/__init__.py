"""Characters, words and files of text. Nothing here knows of a network, a prompt or an editor."""
