"""``rnncomplete eval --peers``: beside other completers that know the same corpus."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rnncomplete.cli.options import print_text, tell
from rnncomplete.cli.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from rnncomplete.measure.peers.peer import Peer
    from rnncomplete.measure.typing_simulation import TypingFigures
    from rnncomplete.network.card import Card
    from rnncomplete.text.vocabulary import Vocabulary

CORPORA = "rnncomplete.corpora"
"""Entry points that find texts: functions from a SHA-256 to a file, or to ``None``."""

_TELLING = 500
"""Characters from the start of a text by which it is known again."""


def training_text(card: Card) -> str:
    """What the style was trained on, without the end held out; raises ``TextError`` if it is not at hand."""
    from importlib.metadata import entry_points

    from rnncomplete.errors import TextError
    from rnncomplete.text.decoding import read_text

    missing = ""
    for point in entry_points(group=CORPORA):
        try:
            path = point.load()(card.corpus.get("sha256"))
        except ModuleNotFoundError as error:  # what fetches texts comes with an extra
            missing = f", which needs {error.name}: pip install 'rnncomplete[train]'"
            continue
        if path:
            text = read_text(path)
            return text[: len(text) - card.corpus.get("validation_characters", 0)]
    raise TextError(
        f"peers learn from what the style {card.style!r} was trained on, which is not at hand; give it with "
        "--corpus FILE, or set RNNCOMPLETE_CORPORA to a folder that holds it as STYLE/train.txt (see --help)"
        f"{missing}"
    )


def keep_apart(files: Sequence[Path], texts: Sequence[str], known: Sequence[str]) -> None:
    """Raise ``TextError`` if a text to type is in the corpus, which the peers would know by heart."""
    from rnncomplete.errors import TextError

    for path, text in zip(files, texts, strict=False):
        if any(text[:_TELLING] in content for content in known):
            raise TextError(f"{path} is in the corpus; expected texts that nobody has learned from")


def measure_peers(
    names: Sequence[str],
    vocabulary: Vocabulary,
    texts: Sequence[str],
    corpus: str,
    figures: Callable[[TypingFigures], dict[str, int | float]],
) -> dict[str, dict[str, Any]]:
    """The typing simulation of the peers that are named, or of all that are at hand, one after another.

    ``figures`` are those of a simulation that are shown. Raises :class:`SettingError` for a name that none has, or of
    what is not installed.
    """
    from rnncomplete.errors import SettingError
    from rnncomplete.measure.peers.lineup import known_peers

    known = known_peers(vocabulary)
    if strange := [name for name in names if name not in known]:
        raise SettingError(f"there is no peer {strange[0]!r}; expected one of {', '.join(known)}")
    found = {}
    for name in names or known:
        with Progress(f"peer {name}: getting ready") as progress:
            try:
                peer = known[name](corpus, progress)
            except SettingError as error:
                if names:
                    raise
                tell(f"without the peer {name}: {error}")
                continue
        with Progress(f"peer {name}: typing") as progress:
            typing, times = _typed(peer, texts, progress)
        middle = round(times[len(times) // 2], 3) if times else 0.0
        held = {"milliseconds_p50": middle, "megabytes": round(peer.megabytes, 6)}
        found[name] = {**figures(typing), **held, **peer.facts}
    return found


def _typed(peer: Peer, texts: Sequence[str], progress: Callable[[int, int], None]) -> tuple[TypingFigures, list[float]]:
    """What typing ``texts`` with the help of ``peer`` costs, and how long each ghost took, in milliseconds, sorted."""
    from rnncomplete.measure.typing_simulation import TypingFigures, simulate_typing

    times: list[float] = []
    typing, characters = TypingFigures(), sum(map(len, texts))

    def ghost(before: str) -> str:
        start = time.perf_counter()
        shown = peer.ghost(before)
        times.append(1000 * (time.perf_counter() - start))
        return shown

    def advance(position: int) -> None:
        progress(typing.characters + position, characters)

    for text in texts:
        typing += simulate_typing(text, ghost, advance)
    return typing, sorted(times)


def times_the_best(figures: dict[str, Any], peers: Iterable[dict[str, Any]]) -> float | None:
    """How many times the keystrokes that the best peer saves, or ``None`` if none saves any."""
    best = max(peer["keystrokes_saved"] for peer in peers)
    return round(figures["keystrokes_saved"] / best, 3) if best > 0 else None


def print_table(rows: dict[str, dict[str, Any]]) -> None:
    """A table for people, which Markdown understands as well; of each peer, and of the style before them."""
    print_text("\n| | keystrokes saved | accepted share | precision | wrong characters per 100 | ms a ghost | MB |")
    print_text("|---|---|---|---|---|---|---|")
    for name, row in rows.items():
        facts = ", ".join(f"{fact} {row[fact]}" for fact in ("order", "threshold") if fact in row)
        shares = " | ".join(f"{100 * row[key]:.1f} %" for key in ("keystrokes_saved", "accepted_share", "precision"))
        cost = " | ".join(f"{row[key]:.1f}" for key in ("milliseconds_p50", "megabytes"))
        wrong = f"{row['wrong_characters_per_100']:.1f}"
        print_text(f"| {name}{f' ({facts})' if facts else ''} | {shares} | {wrong} | {cost} |")
