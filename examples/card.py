"""What a style is, without loading its network: ``python examples/card.py [STYLE]``."""

import sys

from rnncomplete.network.loading import read_card
from rnncomplete.styles import find_style

card = read_card(find_style(sys.argv[1] if len(sys.argv) > 1 else "shakespeare"))
print(f"{card.style}: {card.description}")
print(f"{card.layers} x {card.hidden_size} {card.cell} cells, {card.parameters:,} parameters")
print(f"{len(card.vocabulary)} characters, such as {''.join(sorted(card.vocabulary[1:])[-26:])!r}")
print(f"trained on {card.corpus.get('name')} ({card.corpus.get('licence')})")
for stage in card.stages:
    print(f"after {stage['characters']:>12,} characters: {stage['loss']:.2f} nats per character")
