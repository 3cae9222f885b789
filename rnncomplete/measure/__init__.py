"""How good and how fast it is. Nothing that completes depends on this room."""
