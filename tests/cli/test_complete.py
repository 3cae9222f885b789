"""``rnncomplete complete``: any bytes in, a continuation or one clear line out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnncomplete.cli import main
from rnncomplete.mixing.layout import LOOK_AHEAD
from rnncomplete.settings import LONGEST

if TYPE_CHECKING:
    from pathlib import Path


def complete(style: Path, data: bytes | str, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["complete", "--style", str(style), *arguments], input=data)


def test_json_has_a_probability_for_each_character_and_the_time(tiny_style: Path) -> None:
    result = complete(tiny_style, "the quick ", "--json", "--chars", "20")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert len(document["text"]) == len(document["probabilities"]) == 20
    assert all(0 < probability <= 1 for probability in document["probabilities"])
    assert document["milliseconds"] > 0
    assert {key: document[key] for key in ("style", "device", "stopped", "alternatives")} == {
        "style": "tiny",
        "device": "cpu",
        "stopped": "length",
        "alternatives": [],
    }


def test_text_is_that_of_the_json(tiny_style: Path) -> None:
    document = json.loads(complete(tiny_style, "abc", "--json", "--chars", "9").stdout)
    assert complete(tiny_style, "abc", "--chars", "9").stdout == document["text"] + "\n"


def test_alternatives_begin_differently(tiny_style: Path) -> None:
    document = json.loads(complete(tiny_style, "abc", "--json", "--chars", "5", "--alternatives", "3").stdout)
    assert len({other["text"][0] for other in document["alternatives"]}) == 3
    lines = complete(tiny_style, "abc", "--chars", "5", "--alternatives", "3").stdout.splitlines()
    assert lines == [other["text"].replace("\n", "\\n") for other in document["alternatives"]]


def test_an_empty_text_has_a_beginning(tiny_style: Path) -> None:
    assert len(complete(tiny_style, b"", "--chars", "5").stdout) == 6


def test_length_and_threshold_are_obeyed(tiny_style: Path) -> None:
    document = json.loads(complete(tiny_style, "abc", "--json", "--static", "--threshold", "1").stdout)
    assert not document["shown"]
    assert document["text"].strip(), "who asks gets the likeliest word all the same"
    document = json.loads(
        complete(tiny_style, "abc", "--json", "--static", "--threshold", "0", "--length", "30").stdout
    )
    assert document["shown"]
    assert 0 < len(document["text"]) <= 30


@pytest.mark.parametrize(
    ("data", "words"), [(b"caf\xe9", "not UTF-8"), (b"\xff\xfea\x00", "NUL"), (b"ELF\0\1", "binary file")]
)
def test_bytes_that_are_not_text_are_refused_in_one_line(tiny_style: Path, data: bytes, words: str) -> None:
    result = complete(tiny_style, data)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(st.characters(), max_size=100).map(lambda t: t.encode("utf-8", "surrogatepass")),
    )
)
def test_any_bytes_give_a_continuation_or_a_clear_error(tiny_style: Path, data: bytes) -> None:
    result = complete(tiny_style, data, "--json")
    assert "Traceback" not in result.output
    if result.exit_code == 0:
        assert result.stderr == ""
        assert set(json.loads(result.stdout)) >= {"text", "probabilities", "milliseconds"}
    else:
        assert result.exit_code == 2
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1


def test_it_goes_on_for_longer_than_one_can_look_ahead(tiny_style: Path) -> None:
    document = json.loads(complete(tiny_style, "abc", "--json", "--chars", "1203", "--alternatives", "2").stdout)
    assert len(document["text"]) == len(document["probabilities"]) == 1203
    assert [len(other["text"]) for other in document["alternatives"]] == [LONGEST] * 2
    assert LONGEST <= LOOK_AHEAD
