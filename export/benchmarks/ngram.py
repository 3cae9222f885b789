"""Nats per character of Kneser-Ney n-grams of every order, on the end of each text that a trainer holds out.

    python export/benchmarks/ngram.py TEXT... [--order 20]

Counted on the same 95 % that a network would be trained on, in the same vocabulary. Ten million characters at order 20
take about two minutes and a gigabyte.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
import numpy as np

from rnncomplete.measure.peers.ngram import losses_of_orders
from rnncomplete_export.texts.corpus import build_corpus


@click.command()
@click.argument("texts", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--order", type=click.IntRange(1, 40), default=20, show_default=True, help="Longest gram.")
def main(*, texts: tuple[Path, ...], order: int) -> None:
    """Print the best order and its loss, then the loss of each order."""
    for text in texts:
        with tempfile.TemporaryDirectory() as folder:
            corpus = build_corpus([text], Path(folder))
            losses = losses_of_orders(corpus.training, corpus.validation, len(corpus.vocabulary), order)
        best = int(np.argmin(losses))
        click.echo(
            f"{text.name}: order {best + 1}, {losses[best]:.4f} nats per character; "
            + " ".join(f"{x:.3f}" for x in losses)
        )


if __name__ == "__main__":
    main()
