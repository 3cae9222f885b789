"""How well a style describes pictures with captions, and what a person saves who types a caption beside the picture."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from rnncomplete.completion.beam import line_about
from rnncomplete.completion.sources import About
from rnncomplete.errors import PictureError, TextError
from rnncomplete.measure.evaluation import losses
from rnncomplete.measure.written_about import WrittenText, typing_of
from rnncomplete.network.picture_file import read_picture

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rnncomplete.completion.completer import Completer
    from rnncomplete.measure.captioned import Captions
    from rnncomplete.network.model import FloatArray

BEAM, LONGEST = 4, 300
"""Sentences tried side by side, and characters of one."""


@dataclass(frozen=True)
class Captioned:
    """A picture float32[3, size, size], and what is said of it."""

    picture: FloatArray
    captions: tuple[str, ...]


def read_captioned(
    captions: Captions,
    size: int,
    characters: int | None,
    *,
    skipped: Callable[[str], None] = lambda _: None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> list[Captioned]:
    """The first of the pictures, of which no more than so many ``characters`` are said in all, ``size`` pixels wide.

    A picture that cannot be read goes to ``skipped``, and ``progress`` is told how many were read of all; raises
    :class:`TextError` if none can.
    """
    read: list[Captioned] = []
    held = 0
    for number, (path, said) in enumerate(captions.items()):
        progress(number, len(captions))
        held += sum(map(len, said))
        if characters is not None and read and held > characters:
            break
        try:
            read.append(Captioned(read_picture(path, size), tuple(said)))
        except PictureError as error:
            skipped(str(error))
    if not read:
        raise TextError("no picture held out can be read; expected at least one PNG, JPEG or WebP file")
    return read


def description_figures(
    completer: Completer,
    pictures: Sequence[Captioned],
    *,
    typed: int | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> dict[str, int | float]:
    """Figures of ``completer`` on ``pictures``, against all captions of each; only the first ``typed`` characters are typed.

    BLEU is left out where sacrebleu is not installed.
    """
    model, total = completer.model, 4 * len(pictures)
    captions = [[model.vocabulary.normalise(caption) for caption in one.captions] for one in pictures]
    told = []
    for number, one in enumerate(pictures):
        told.append(line_about(model, one.picture, beam=BEAM, longest=LONGEST).text)
        progress(number + 1, total)
    exact = sum(text in own for text, own in zip(told, captions, strict=True))
    assert completer.knowledge.contexts is not None, "it describes"
    nats, length = [0.0, 0.0], 0
    texts: list[WrittenText] = []
    for number, (one, own) in enumerate(zip(pictures, captions, strict=True)):
        contexts = completer.knowledge.contexts
        for place, about in enumerate((About(contexts, one.picture), About(contexts))):
            # As it is typed, behind the end of a line.
            nats[place] += sum(float(losses(model, f"\n{caption}\n", about=about).sum()) for caption in own)
        length += sum(len(caption) + 1 for caption in own)
        texts += [WrittenText(one.picture, f"{caption}\n") for caption in own]
        progress(len(pictures) + number + 1, total)
    if typed is not None:
        ends = accumulate(len(one.text) for one in texts)
        texts = [one for one, end in zip(texts, ends, strict=True) if end <= typed] or texts[:1]
    saved = []
    for begun, with_them in ((2, True), (3, False)):

        def typed_so_far(done: int, begun: int = begun) -> None:
            progress(len(pictures) * begun + done * len(pictures) // len(texts), total)

        saved.append(typing_of(completer, texts, about=with_them, progress=typed_so_far).keystrokes_saved)
    return {
        "pictures": len(pictures),
        "captions": sum(map(len, captions)),
        "described_as_captioned": round(exact / len(pictures), 5),
        **_bleu(told, captions),
        "static_nats_per_character": round(nats[0] / length, 5),
        "static_nats_per_character_without_picture": round(nats[1] / length, 5),
        "typed_characters": sum(len(one.text) for one in texts),
        "keystrokes_saved": round(saved[0], 5),
        "keystrokes_saved_without_picture": round(saved[1], 5),
    }


def _bleu(told: Sequence[str], captions: Sequence[Sequence[str]]) -> dict[str, float]:
    """BLEU-4 of what was told, 0 to 100, as sacrebleu counts it."""
    try:
        import sacrebleu
    except ModuleNotFoundError:
        return {}
    most = max(map(len, captions))
    columns = [[own[place] if place < len(own) else None for own in captions] for place in range(most)]
    return {"bleu": round(sacrebleu.corpus_bleu(told, columns).score, 2)}  # type: ignore[arg-type] # None: no such caption
