"""The figures of documents are measured in processes of their own; what they are is for ``rnncomplete bench`` to say."""

from __future__ import annotations

import sys
from math import inf
from typing import TYPE_CHECKING

import pytest

from rnncomplete.completion.completer import load_completer
from rnncomplete.measure.documents import measure_documents, written

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_documents_are_measured(tiny_style: Path) -> None:
    found = measure_documents(str(tiny_style), "cpu", characters=1500, large=20_000)
    assert found.documents_key_ratio > 0
    assert found.typing_p999_ms > 0
    assert found.open_30mb_ms > 0
    assert found.open_30mb_key_ms > 0
    if sys.platform == "linux":
        assert found.documents_mb_each is not None
        assert found.open_30mb_peak_mb is not None
        assert found.open_30mb_peak_mb > found.documents_mb_each


def test_a_style_writes_the_same_text_again(tiny_style: Path) -> None:
    completer = load_completer(str(tiny_style), "cpu", budget_ms=inf)
    assert written(completer, 50) == written(completer.fresh(), 50)
    assert len(written(completer, 50)) == 50
