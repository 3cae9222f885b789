"""How a network learned: what it wrote on the way, and what that could do. Nothing here trains or exports."""
