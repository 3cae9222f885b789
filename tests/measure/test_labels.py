"""Figures of labels, against what is counted by hand, and pictures of how words moved one."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np

from rnncomplete.completion.classifier import Moment
from rnncomplete.measure.labels import accuracy, calibration_error, confusion, macro_f1
from rnncomplete.measure.readout_picture import as_html, as_svg

SHARES = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])
KNOWN = np.array([0, 1, 1, 0])


def test_figures_are_those_counted_by_hand() -> None:
    assert accuracy(SHARES, KNOWN) == 0.75
    assert confusion(SHARES, KNOWN).tolist() == [[2, 0], [1, 1]]
    assert abs(macro_f1(confusion(SHARES, KNOWN)) - (4 / 5 + 2 / 3) / 2) < 1e-12
    # Each in a bin of its own: 0.9 right, 0.8 right, 0.6 wrong, 0.7 right.
    assert abs(calibration_error(SHARES, KNOWN) - (0.1 + 0.2 + 0.6 + 0.3) / 4) < 1e-12


def test_a_label_that_is_never_told_counts_as_nothing() -> None:
    table = confusion(np.array([[1.0, 0, 0], [1.0, 0, 0]]), np.array([0, 1]))
    assert table.shape == (3, 3)
    assert abs(macro_f1(table) - (2 / 3) / 3) < 1e-12


def test_pictures_hold_every_word_and_nothing_of_it_is_markup() -> None:
    words = ["<script>", " good&", " bad"]
    moments = [Moment(word, np.array([0.4, 0.6]), moved) for word, moved in zip(words, (0.1, 5, -5), strict=True)]
    page, picture = (draw([moments, []], ["<awful>", "fine"]) for draw in (as_html, as_svg))
    assert "<script>" not in page
    assert "fine 60 %" in page
    assert "nothing was read" in page
    root = ElementTree.fromstring(picture)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["fine 60 %", "<script>", "good&", "bad", "nothing was read"]
    fills = [element.get("fill") for element in root.iter("{http://www.w3.org/2000/svg}rect")][1:]
    assert fills[1].startswith("rgba(46,139,87,0.60")
    assert fills[2].startswith("rgba(205,71,71,0.60")
