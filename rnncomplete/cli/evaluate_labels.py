"""``rnncomplete eval --labels``: how well a style tells the labels of texts that have some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rnncomplete.cli.options import print_json, print_text
from rnncomplete.cli.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rnncomplete.completion.completer import Completer
    from rnncomplete.text.labelled import LabelledText


def print_label_figures(completer: Completer, files: Sequence[Path], names: Sequence[str], *, as_json: bool) -> None:
    """Measure ``completer`` on TSV ``files``, whose labels ``names`` (OLD=NEW) translate, and print the figures."""
    from rnncomplete.completion.classifier import Classifier

    classifier = Classifier(completer.model, None if completer.static else completer.memory)
    texts, known = _read(files, names, classifier.labels)
    with Progress("classifying") as progress:
        figures = _figures(classifier, texts, known, progress)
    if as_json:
        print_json({"style": completer.card.style, "readout": classifier.name, **figures})
        return
    print_text(f"{'':28} {'texts':>8} {'right':>8} {'of half':>8}")
    for source, part in figures["parts"].items():
        print_text(f"{source:28} {part['texts']:8,} {100 * part['accuracy']:6.2f} % {100 * part['half']:6.2f} %")
    print_text(f"macro-F1 {figures['macro_f1']:.4f}, calibration error {100 * figures['calibration_error']:.2f} %")
    width = max(map(len, classifier.labels)) + 2
    print_text(f"{'is, told to be':28}" + "".join(f"{label:>{max(width, 8)}}" for label in classifier.labels))
    for label, row in zip(classifier.labels, figures["confusion"], strict=True):
        print_text(f"{label:28}" + "".join(f"{count:{max(width, 8)},}" for count in row))


def _read(files: Sequence[Path], names: Sequence[str], labels: Sequence[str]) -> tuple[list[LabelledText], list[int]]:
    """The texts, and the number of each one's label; raises ``TextError`` or ``SettingError``."""
    from rnncomplete.errors import SettingError, TextError
    from rnncomplete.text.labelled import read_labelled

    pairs = [name.partition("=") for name in names]
    if odd := [old + equals for old, equals, new in pairs if not (old and new)]:
        raise SettingError(f"--name {odd[0]!r}; expected OLD=NEW, as pos=liked")
    new = {old: name for old, _, name in pairs}
    texts = [text for path in files for text in read_labelled(path)]
    if not texts:
        raise TextError(f"{files[0]} has no texts; expected lines of text and label")
    told = [new.get(text.label, text.label) for text in texts]
    if strange := set(told) - set(labels):
        raise SettingError(
            f"the files have the label {min(strange)!r}, and the style tells {', '.join(labels)}; say which it is: "
            f"--name {min(strange)}={labels[0]}"
        )
    return texts, [labels.index(label) for label in told]


def _figures(classifier: Any, texts: list[LabelledText], known: list[int], progress: Progress) -> dict[str, Any]:
    """Accuracy and the like, of all texts and of each source."""
    import numpy as np

    from rnncomplete.measure.labels import accuracy, calibration_error, confusion, macro_f1

    numbers = np.array(known)
    whole = classifier.classify([text.text for text in texts], progress)
    half = classifier.classify([text.text[: (len(text.text) + 1) // 2] for text in texts], progress)
    sources = sorted({text.source for text in texts if text.source})
    parts = {}
    for source in ["all", *(sources if len(sources) > 1 else [])]:
        rows = np.array([source in ("all", text.source) for text in texts])
        parts[source] = {
            "texts": int(rows.sum()),
            "accuracy": round(accuracy(whole[rows], numbers[rows]), 5),
            "half": round(accuracy(half[rows], numbers[rows]), 5),
        }
    table = confusion(whole, numbers)
    return {
        "accuracy": parts["all"]["accuracy"],
        "macro_f1": round(macro_f1(table), 5),
        "calibration_error": round(calibration_error(whole, numbers), 5),
        "confusion": table.tolist(),
        "parts": parts,
    }
