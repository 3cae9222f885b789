"""Ghosts without a prompt: ``python examples/library.py [STYLE [TEXT]]``."""

import sys

from rnncomplete import load_completer

style = sys.argv[1] if len(sys.argv) > 1 else "shakespeare"
text = sys.argv[2] if len(sys.argv) > 2 else "KING HENRY:\nWhat say you to"

completer = load_completer(style, device="cpu")

# The ghost that would be shown; empty where nothing is likely enough.
ghost = completer.complete(text)
print(f"ghost: {ghost.text!r}")

# The same as it grows: its first word as soon as that is known. Whoever loses interest says so by `wanted`.
for part in completer.grow(text, wanted=lambda: True):
    print(f"so far: {part.text!r}")

# Whoever asks gets something, even where nothing is likely enough to be shown unasked; and something else on request.
print(f"asked: {completer.insist(text).text!r}")
print(f"others: {[other.text for other in completer.alternatives(text, 3)]}")

# What ghosts are made of: the probability of each character of the style's vocabulary.
probabilities = completer.predict(text)
assert probabilities is not None, "only a caller who no longer wants them gets none"
best = int(probabilities.argmax())
print(f"next: {completer.card.vocabulary[best]!r} with {probabilities[best]:.2f}")
