"""Write the tables of figures in README.md and ``docs/measurements.md`` from the styles' cards and from what commands printed.

::

    python docs/make_tables.py

``docs/figures/`` holds, as they were printed, ``STYLE.eval.json``, ``STYLE.peers.json`` and ``STYLE.known.json`` (with peers and
with slow ones, which depend on the training text and on nothing of ours, so that they need not be measured with each style),
``STYLE.first.json`` (of as many characters) and ``STYLE.bench.json``, and in ``others.toml`` the figures of programs that print no JSON; the commands stand above the tables that show them. A table of what was not printed
says so. A test holds the pages against these files.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "docs" / "figures"
PAGES = (ROOT / "README.md", ROOT / "docs" / "measurements.md")

FIRST = (
    *("shakespeare", "tolstoy", "english", "docs", "linux", "python", "javascript", "shell", "math", "reviews"),
    "english-french",
)
"""The order of styles in every table; others come behind."""

PEERS = {"kneser_ney": "Kneser-Ney", "frequency": "frequency", "history": "history", "smollm2": "SmolLM2-135M"}
"""What tables call the peers; others keep their names."""

BENCH = {
    "ghost_ms_p50": "ghost of 32 characters, p50, ms",
    "ghost_ms_p99": "p99, ms",
    "static_ghost_ms_p50": "network alone, p50, ms",
    "times_faster_than_torch_eager": "times faster than PyTorch",
    "times_faster_than_float32_lstm": "than the float32 operator",
    "times_the_floor": "times the floor",
    "open_2000_ms": "2,000 characters opened, ms",
    "startup_prompt_ms": "prompt usable, ms",
    "startup_ghost_ms": "first ghost, ms",
    "peak_memory_mb": "peak memory, MB",
}
"""What is shown of ``rnncomplete bench --json``."""


EARLIER = """\
- a ghost of 32 characters is ready **5 to 9 ms** after the key (median, one core, quiet machines)
- the network runs **3 to 11 times** as fast as in PyTorch, about 3 times as fast as ONNX Runtime's own LSTM in float32
- the prompt is usable **0.15 to 0.26 s** after the process began, and takes about 135 MB of memory

The last three lines were measured at commit fcf4ccd, with the five styles of that time. Of today's, `shakespeare` was
measured again, on one machine: 3 ms, 4 and 2.4 to 2.7 times, 0.15 to 0.17 s, 135 MB (`rnncomplete bench --style shakespeare`).
"""
"""How fast it was before, where ``rnncomplete bench`` was not printed for the styles as they are now."""


class Facts:
    """The cards of the shipped styles, and what was printed about them; both by style, in the order of tables."""

    def __init__(self, models: Path = ROOT / "models", figures: Path = FIGURES) -> None:
        names = sorted((path.parent.name for path in models.glob("*/card.json")), key=_rank)
        self.cards = {name: _json(models / name / "card.json") for name in names}
        self.bytes = {name: sum(path.stat().st_size for path in (models / name).iterdir()) for name in names}
        self.evaluated = {name: _json(path) for name in names if (path := figures / f"{name}.eval.json").exists()}
        for name, found in self.evaluated.items():
            if "peers" not in found and (path := figures / f"{name}.peers.json").exists():
                found["peers"] = _json(path)["peers"]
        self.known = {name: _json(path) for name in names if (path := figures / f"{name}.known.json").exists()}
        self.first = {name: _json(path) for name in names if (path := figures / f"{name}.first.json").exists()}
        self.benched = {name: _json(path) for name in names if (path := figures / f"{name}.bench.json").exists()}
        others = figures / "others.toml"
        self.others: dict[str, dict[str, Any]] = (
            tomllib.loads(others.read_text(encoding="utf-8")) if others.exists() else {}
        )


def _rank(name: str) -> tuple[int, str]:
    return FIRST.index(name) if name in FIRST else len(FIRST), name


def _json(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown; a sentence where there are no rows."""
    columns, body = list(head), [list(row) for row in rows]
    if not body:
        return "Not printed for the styles as they are now.\n"
    lines = [columns, ["---"] * len(columns), *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def seen(training: dict[str, Any]) -> int:
    """Characters that a network saw, those of the trainings that it went on from included."""
    earlier = training.get("earlier")
    return int(training["characters_seen"]) + (seen(earlier) if earlier else 0)


def styles(facts: Facts) -> str:
    """What there is, for the README."""
    rows = []
    for name, card in facts.cards.items():
        corpus, figures = card["corpus"], card["figures"]
        saved = figures.get("keystrokes_saved")
        rows.append(
            [
                f"`{name}`",
                corpus["name"],
                corpus["licence"],
                f"{figures['nats_per_character']:.3f}",
                "" if saved is None else f"{100 * saved:.0f} %",
            ]
        )
    head = ("style", "trained on", "licence of the text", "nats per character, network alone", "keystrokes saved")
    return table(head, rows)


def networks(facts: Facts) -> str:
    """The networks and the n-gram that each is held against."""
    rows = []
    for name, card in facts.cards.items():
        figures, gram = card["figures"], "ngram_nats" in card["figures"]
        nats = figures["nats_per_character"]
        rows.append(
            [
                f"`{name}`",
                f"{card['corpus']['characters'] / 1e6:.1f} M",
                f"{card['parameters'] / 1e6:.2f} M",
                f"{seen(card['training']) / 1e6:.1f} M",
                f"{facts.bytes[name] / 1e6:.1f} MB",
                f"{nats:.3f}",
                f"{figures['ngram_nats']:.3f} (order {figures['ngram_order']})" if gram else "",
                f"{100 * (1 - nats / figures['ngram_nats']):.1f} %" if gram else "",
            ]
        )
    head = ("style", "characters of text", "parameters", "characters seen", "on disk", "network alone")
    return table([*head, "Kneser-Ney, best order", "below it by"], rows)


def losses(facts: Facts) -> str:
    """With and without what the text and the memory teach, beside compressors."""
    names = list(dict.fromkeys(name for values in facts.others.values() for name in values))
    rows = []
    for name, found in facts.evaluated.items():
        others = facts.others.get(name, {})
        rows.append(
            [
                f"`{name}`",
                f"{found['static_nats_per_character']:.3f}",
                f"**{found['nats_per_character']:.3f}**",
                *(f"{others[key]:.3f}" if key in others else "" for key in names),
            ]
        )
    return table(["style", "network alone", "with text and memory", *names], rows)


def peers(facts: Facts) -> str:
    """The simulated person, with our ghosts and with those of each peer."""
    names = list(dict.fromkeys(peer for found in facts.evaluated.values() for peer in found.get("peers", {})))
    rows = []
    for name, found in facts.evaluated.items():
        if "peers" in found:
            others = [found["peers"].get(peer) for peer in names]
            rows.append(
                [
                    f"`{name}`",
                    _saved(found),
                    *("" if other is None else _saved(other) for other in others),
                    f"{found['keystrokes_saved'] / _best(found['peers']):.2f}",
                ]
            )
    head = ("keystrokes saved (precision)", "ours", *(PEERS.get(name, name) for name in names), "times the best")
    return table(head, rows)


def known(facts: Facts) -> str:
    """The simulated person with programs that people know, with times and sizes, all of one run but for what ours saves."""
    names = list(dict.fromkeys(peer for found in facts.known.values() for peer in found["peers"]))
    rows = []
    for name, found in facts.known.items():
        ours, others = facts.first.get(name, found), found["peers"]
        times = [other["milliseconds_p50"] / found["milliseconds_p50"] for other in others.values()]
        cells = [_saved(ours), *(_saved(others[peer]) if peer in others else "" for peer in names)]
        costs = [_cost(found), *(_cost(others[peer]) if peer in others else "" for peer in names)]
        rows.append(
            [f"`{name}`", *cells, f"{ours['keystrokes_saved'] / _best(others):.2f}", *costs, f"{max(times):.0f}"]
        )
    called = [PEERS.get(peer, peer) for peer in names]
    costs = [f"{one}: ms, MB" for one in ("ours", *called)]
    return table(["keystrokes saved (precision)", "ours", *called, "times the best", *costs, "times as long"], rows)


def _best(peers: dict[str, dict[str, Any]]) -> float:
    """The share of keystrokes that the best of ``peers`` saves."""
    return max(float(peer["keystrokes_saved"]) for peer in peers.values())


def _cost(found: dict[str, Any]) -> str:
    return f"{found['milliseconds_p50']:.1f}, {found['megabytes']:.0f}"


def _saved(found: dict[str, Any]) -> str:
    order = f", order {found['order']}" if "order" in found else ""
    return f"{100 * found['keystrokes_saved']:.1f} % ({100 * found['precision']:.0f} %{order})"


def labels(facts: Facts) -> str:
    """What styles with labels are told to be, beside linear models."""
    rows = []
    for name, card in facts.cards.items():
        for part, found in card["figures"].get("labels", {}).get("parts", {}).items():
            shares = [f"{100 * found[key]:.1f} %" for key in ("network", "accuracy", "half", "tfidf", "nb")]
            rows.append([f"`{name}`", part.replace("_", " "), f"{found['texts']:,}", *shares])
    head = ("right", "of", "texts", "network alone", "with counts", "half of a text", "TF-IDF", "naive Bayes")
    return table(head, rows)


def speed(facts: Facts) -> str:
    """What ``rnncomplete bench`` printed."""
    rows = []
    for name, found in facts.benched.items():
        cells = ["" if (value := found.get(key)) is None else f"{value:,.1f}" for key in BENCH]
        rows.append([f"`{name}`" + (" (noisy)" if found.get("noisy") else ""), *cells])
    return table(["style", *BENCH.values()], rows)


def headline(facts: Facts) -> str:
    """The figures that a newcomer sees first: how good it is, and how fast."""
    texts = {name: card for name, card in facts.cards.items() if not card.get("source")}
    found = [facts.evaluated[name] for name in texts if name in facts.evaluated]
    if not found:
        saved = _range([100 * card["figures"]["keystrokes_saved"] for card in texts.values()])
        lines = [f"a simulated person saves **{saved} %** of the keystrokes on text held out of training"]
    else:
        saved, precision = (_range([100 * one[key] for one in found]) for key in ("keystrokes_saved", "precision"))
        peers = [_best(one["peers"]) for one in found if "peers" in one]
        beside = f", where the best other completer saves {_range([100 * one for one in peers])} %" if peers else ""
        where = "" if len(found) == len(texts) else f"in {len(found)} of the {len(texts)} styles, where it was run, "
        lines = [
            f"{where}a simulated person saves **{saved} %** of the keystrokes on text held out of training{beside}; "
            f"{precision} % of the ghosts are taken at least in part"
        ]
    below = [
        100 * (1 - figures["nats_per_character"] / figures["ngram_nats"])
        for card in texts.values()
        if "ngram_nats" in (figures := card["figures"]) and not card.get("readouts")
    ]
    lines.append(
        f"the network alone predicts **{_range(below)} %** better than the best Kneser-Ney n-gram of the same text, in styles "
        "that only write"
    )
    benched = [facts.benched[name] for name in texts if name in facts.benched]
    return "".join(f"- {line}\n" for line in [*lines, *(_speeds(benched) if benched else ())]) + EARLIER * (not benched)


def _speeds(benched: list[dict[str, Any]]) -> list[str]:
    """How fast it is, as sentences."""

    def of(key: str, digits: int = 0, scale: float = 1) -> str:
        return _range([scale * one[key] for one in benched if one.get(key) is not None], digits)

    machine = "a machine with other work" if any(one.get("noisy") for one in benched) else "a quiet machine"
    return [
        f"a ghost of 32 characters is ready **{of('ghost_ms_p50', 1)} ms** after the key (median, one core, {machine})",
        f"the network runs **{of('times_faster_than_torch_eager', 1)} times** as fast as in PyTorch, "
        f"{of('times_faster_than_float32_lstm', 1)} times as fast as ONNX Runtime's own LSTM in float32",
        f"the prompt is usable **{of('startup_prompt_ms', 2, 1 / 1000)} s** after the process began, and takes "
        f"{of('peak_memory_mb')} MB of memory",
    ]


def _range(values: list[float], digits: int = 0) -> str:
    low, high = f"{min(values):.{digits}f}", f"{max(values):.{digits}f}"
    return low if low == high else f"{low} to {high}"


TABLES: dict[str, Callable[[Facts], str]] = {
    "headline": headline,
    "known": known,
    "labels": labels,
    "losses": losses,
    "networks": networks,
    "peers": peers,
    "speed": speed,
    "styles": styles,
}


def filled(text: str, facts: Facts) -> str:
    """``text`` of a page with every table that it has marks for."""
    for name, make in TABLES.items():
        begin, end = f"<!-- table: {name} -->\n", f"<!-- /table: {name} -->\n"
        if begin in text:
            before, _, rest = text.partition(begin)
            if end not in rest:
                raise SystemExit(f"the table {name} has no end; expected the line {end.strip()}")
            text = f"{before}{begin}{make(facts)}{end}{rest.partition(end)[2]}"
    return text


def made() -> Iterator[tuple[Path, str]]:
    """What each page should hold."""
    facts = Facts()
    for page in PAGES:
        yield page, filled(page.read_text(encoding="utf-8"), facts)


def main() -> None:
    """Write the pages."""
    for page, text in made():
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
