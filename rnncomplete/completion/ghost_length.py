"""What a ghost is worth showing for, and how much of it: the keystrokes that it may spare, less what it may distract.

A person takes the whole ghost with one key, or else its words one by one for as long as they are right. So a ghost of
k characters, whose first i are right with the probability P_i, is expected to save

    P_k (k - 1) + sum over its words, of length l and ending at e <= k, of (P_e - P_k) (l - 1)

keystrokes, words of a single character left out, and to show sum (1 - P_i) wrong characters, each at a price. A ghost
ends at the word where the first less the second is largest, and none is shown whose first word is less likely than the
threshold: the precision of what is shown follows from that. The price follows from the threshold, so that there is one
number to set: whoever wants surer ghosts wants fewer wrong characters as well.

Measured in the typing simulation on 10,000 characters of Shakespeare held out of training (1.33 nats per character),
against ending a ghost where its joint probability falls below a threshold: at a precision of 0.51, 26.2 % of the
keystrokes saved instead of 25.5. A beam of three instead of the likeliest character each time saved 26.1. A price on every
ghost that is not accepted, in place of a smallest probability whatever a word's length, saves as much at the same
precision (tolstoy 34.2 % instead of 34.4 at 0.51, shakespeare 28.4 instead of 28.6 at 0.50).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnncomplete.text.words import FEWEST_SPARED, cut_places, is_inside_word, next_word, worth_showing

if TYPE_CHECKING:
    from collections.abc import Sequence

PRICE = 0.4
"""Of a wrong character, in keystrokes, at a threshold of 1; half of that at 0.5. From 0.2 to 0.6 hardly matters."""

YOUNG = 80
"""Characters of a text that count as its beginning."""

EAGERNESS = 8
"""How many times less likely a word may be to be shown where a text begins."""

EAGERNESS_INSIDE = 2
"""The same inside a word, whose first letters have told more of it: what is still unlikely then is mostly wrong."""


def eager_threshold(threshold: float, before: str, word: str = "") -> float:
    """The smallest probability of a ``word`` worth showing behind ``before``: less than ``threshold`` where a text begins.

    Of a word that goes on with one that ``before`` ends in less so; with a blank before it, it is a new one.

    A text tells who writes it, and about what, only as it grows. At its beginning nearly every place has many words that
    may follow, none of which reaches the threshold, which is tuned on whole texts: whoever has just begun would see
    nothing for a sentence. So the likeliest word is shown there sooner. Measured on 16 beginnings of 100 characters in
    each of four styles: 0.8 to 1.6 % more of the keystrokes saved there, at a precision that is 6 to 10 points lower.
    """
    goes_on = before and is_inside_word(before[-1], word[:1])
    eagerness = EAGERNESS_INSIDE if goes_on else EAGERNESS
    return threshold * min(1.0, max(1 / eagerness, len(before) / YOUNG))


def smallest_joint(threshold: float) -> float:
    """The joint probability below which no further character can raise a ghost's worth.

    One more character spares at most a keystroke with the probability P, and costs the price with 1 - P.
    """
    price = PRICE * threshold
    return price / (1 + price)


def best_length(text: str, probabilities: Sequence[float], threshold: float, following: str = "") -> int:
    """How many characters of ``text`` to show; 0 for none.

    ``probabilities`` are those of each character, given the ones before it; ``threshold`` is the smallest probability
    of the first word. ``following`` is the character that would come next; without it the last word may go on.
    """
    ends, places = _word_ends(text), cut_places(text, following)
    joint, wrong = 1.0, 0.0
    in_words, keys = 0.0, 0  # sum of P_e (l - 1) over the words so far, and of l - 1
    first: float | None = None
    best, length = 0.0, 0
    for count, probability in enumerate(probabilities, 1):
        joint *= probability
        wrong += 1 - joint
        spared = ends.get(count, 0) - 1
        if spared + 1 >= FEWEST_SPARED:
            in_words, keys = in_words + joint * spared, keys + spared
            first = joint if first is None else first
        if count not in places or not worth_showing(text[:count]):
            continue
        worth = joint * (count - 1 - keys) + in_words - PRICE * threshold * wrong
        if worth > best and (joint if first is None else first) >= threshold:
            best, length = worth, count
    return length


def _word_ends(text: str) -> dict[int, int]:
    """Where the words of ``text`` end, and how long each is with the blanks before it."""
    ends, position = {}, 0
    while word := next_word(text[position:]):
        position += len(word)
        ends[position] = len(word)
    return ends
