from __future__ import annotations

import shlex

import pytest

from rnncomplete_export.commands import train
from rnncomplete_export.recorded_command import recorded_command


@pytest.mark.parametrize(
    ("typed", "recorded"),
    [
        ("/home/me/book.txt --style mine", "rnncomplete train book.txt --style mine"),
        (
            "a.txt /tmp/notes/ --style x --runs /data/runs --minutes 98 --no-install",
            "rnncomplete train a.txt notes --style x --minutes 98.0",
        ),
        (
            r"'C:\Users\me\my book.txt' --style=x --save-seconds 5 --resume --no-skip",
            "rnncomplete train 'my book.txt' --style x --no-skip",
        ),
        (
            "t --style x --devices 2 --threads 1 --description 'a b'",
            "rnncomplete train t --style x --description 'a b'",
        ),
    ],
)
def test_a_recorded_command_has_no_paths_and_nothing_about_the_machine(typed: str, recorded: str) -> None:
    for words in (typed, recorded.removeprefix("rnncomplete train ")):
        context = train.make_context("train", shlex.split(words), resilient_parsing=True)
        assert recorded_command(context) == recorded
