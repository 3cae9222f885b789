"""Nats per character of the context mixer beside zpaq and PPMd, on the held-out end of each text given.

    python export/benchmarks/mixing.py TEXT... [--style FOLDER] [--zpaq] [--ppmd]

Each text is cut at 95 %: what comes before is the training text, the first characters after it are the test. "Read"
means that the training text was read first; a compressor's figure is then the bytes of both, compressed, less those of
the training text alone. ``--zpaq`` needs the program zpaq (Debian's package), ``--ppmd`` the package pyppmd.
"""

from __future__ import annotations

import math
import shutil
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from rnncomplete.mixing.alphabet import Alphabet
from rnncomplete.mixing.memory import FOLDER_NODES, FOLDER_SLOTS, STYLE_ENTRIES, STYLE_NODES, STYLE_SLOTS
from rnncomplete.mixing.mixer import Mixer
from rnncomplete.mixing.training import learn_prior, learn_style
from rnncomplete.text.decoding import read_text
from rnncomplete.text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rnncomplete.mixing.memory import CorpusMemory

MEMORIES = {"style": (STYLE_NODES, STYLE_SLOTS, STYLE_ENTRIES, 3), "folder": (FOLDER_NODES, FOLDER_SLOTS, None, 1)}


def zpaq_bytes(data: bytes) -> int:
    """Bytes of ``data`` in a zpaq -m5 archive."""
    with tempfile.TemporaryDirectory() as folder:
        source, archive = Path(folder, "text"), Path(folder, "text.zpaq")
        source.write_bytes(data)
        subprocess.run(["zpaq", "add", archive, source, "-m5", "-t1"], check=True, capture_output=True)
        return archive.stat().st_size


def ppmd_bytes(data: bytes, order: int) -> int:
    """Bytes of ``data`` compressed by PPMd, variant H."""
    import pyppmd  # type: ignore[import-not-found] # a peer, not a dependency

    return len(pyppmd.compress(data, max_order=order, mem_size=1 << 30, variant="H"))


def compressor(measure: Callable[[bytes], int], training: str, test: str) -> tuple[float, float]:
    """Nats per character of ``test`` by itself, and after ``training``."""
    scale = 8 * math.log(2) / len(test)
    alone = measure(test.encode()) * scale
    return alone, (measure((training + test).encode()) - measure(training.encode())) * scale


def network_words(folder: Path, tokens: NDArray[np.uint16]) -> NDArray[np.float32]:
    """The network's probabilities of each of ``tokens`` given those before it, float32[n, V]."""
    from rnncomplete.network.distribution import softmax
    from rnncomplete.network.loading import load_network

    model = load_network(folder, "cpu")
    state = model.initial_state
    logits, words = np.zeros(len(model.vocabulary), np.float32), []
    for token in tokens.tolist():
        words.append(softmax(logits, model.card.temperature))
        logits, state = model.step(token, state)
    return np.array(words, np.float32)


def measured(mixer: Mixer, test: NDArray[np.uint16], network: NDArray[np.float32] | None) -> str:
    """Nats per character of a session over ``test``, and its seconds."""
    begin = time.perf_counter()
    probabilities = mixer.learn(test, network)
    return f"{-np.log(probabilities[1:]).mean():.4f} ({time.perf_counter() - begin:.2f} s)"


def mixer_rows(
    vocabulary: Vocabulary, training: str, test: str, sessions: int, style: Path | None
) -> list[tuple[str, str]]:
    """Names and figures of the mixer by itself, with weights learned before, with memories, and with a network."""
    read, held_out = vocabulary.encode(training), vocabulary.encode(test)
    characters, slice_ = vocabulary.characters, read[-sessions:]
    words = network_words(style, held_out) if style else None
    before = network_words(style, slice_) if style else None
    alphabet = Alphabet.counted(characters, read)
    rows = [
        ("nothing read", measured(Mixer(Alphabet.usual(characters)), held_out, None)),
        ("weights", measured(Mixer(alphabet, prior=learn_prior(alphabet, [[]], slice_)), held_out, None)),
    ]
    for name, (nodes, slots, entries, room) in MEMORIES.items():
        begin = time.perf_counter()
        memory = learn_style(characters, read, sessions=sessions, nodes=nodes, slots=slots, entries=entries, room=room)
        seconds = time.perf_counter() - begin
        rows.append((f"weights and memory as a {name}", measured(_session(memory), held_out, None)))
        rows.append(
            ("- its bytes, its seconds", f"{len(memory.to_bytes(packed=entries is not None)):,} ({seconds:.0f} s)")
        )
    if words is not None and before is not None:
        alone = words[np.arange(1, len(held_out)), held_out[1:]]
        rows.append(("network alone", f"{-np.log(np.maximum(alone, 1e-12)).mean():.4f}"))
        prior = learn_prior(alphabet, [[]], slice_, lambda a, b: before[a:b])
        rows.append(("network, weights", measured(Mixer(alphabet, prior=prior), held_out, words)))
        offset = len(read) - len(slice_)
        memory = learn_style(
            characters, read, lambda text, a: before[a - offset : len(text) - offset], sessions=sessions
        )
        rows.append(("network, weights and memory as a style", measured(_session(memory), held_out, words)))
    return rows


def _session(memory: CorpusMemory) -> Mixer:
    return Mixer(memory.alphabet, [memory], prior=memory.prior)


def peer_rows(training: str, test: str, *, zpaq: bool, ppmd: bool) -> list[tuple[str, str]]:
    """Names and figures of the compressors asked for."""
    rows = []
    if zpaq:
        if shutil.which("zpaq") is None:
            raise click.ClickException("no program zpaq on the PATH; expected Debian's: apt-get install zpaq")
        rows += [("zpaq -m5, {} read", compressor(zpaq_bytes, training, test))]
    if ppmd:
        figures = [compressor(partial(ppmd_bytes, order=order), training, test) for order in (6, 10, 16)]
        rows += [("PPMd, best of order 6, 10, 16, {} read", tuple(map(min, zip(*figures, strict=True))))]
    return [
        (name.format(what), f"{pair[index]:.4f}")
        for name, pair in rows
        for index, what in enumerate(("nothing", "training text"))
    ]


@click.command(help=__doc__)
@click.argument("texts", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--characters", default=100_000, help="How many held-out characters to measure.")
@click.option("--sessions", default=500_000, help="How many characters of the training text weights are learned on.")
@click.option(
    "--style", type=click.Path(exists=True, file_okay=False, path_type=Path), help="A style whose network joins in."
)
@click.option("--zpaq", is_flag=True)
@click.option("--ppmd", is_flag=True)
def main(
    texts: tuple[Path, ...], characters: int, sessions: int, style: Path | None, *, zpaq: bool, ppmd: bool
) -> None:
    """Print one table a text."""
    for path in texts:
        text = read_text(path)
        cut = len(text) * 95 // 100
        training, test = text[:cut], text[cut : cut + characters]
        if style is None:
            vocabulary = Vocabulary(("\N{REPLACEMENT CHARACTER}", *sorted(set(training))))
        else:
            from rnncomplete.network.loading import load_network

            vocabulary = load_network(style, "cpu").vocabulary
        click.echo(f"\n{path.parent.name}/{path.name}, {len(test):,} characters after {len(training):,}\n")
        click.echo("| what was read | nats per character (seconds) |\n|---|---|")
        for name, figure in mixer_rows(vocabulary, training, test, sessions, style):
            click.echo(f"| {name} | {figure} |")
        for name, figure in peer_rows(training, test, zpaq=zpaq, ppmd=ppmd):
            click.echo(f"| {name} | {figure} |")


if __name__ == "__main__":
    main()
