"""A context mixer: the network's probabilities and what the text itself teaches, as one better distribution.

See README.md in this folder for what each part bought, measured.
"""
