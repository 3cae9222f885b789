from __future__ import annotations

import pytest

from rnncomplete_export.commands import train
from rnncomplete_export.recorded_command import cleaned_command


@pytest.mark.parametrize(
    ("typed", "recorded"),
    [
        ("rnncomplete train /home/me/book.txt --style mine", "rnncomplete train book.txt --style mine"),
        (
            "rnncomplete --debug train a.txt /tmp/notes/ --style x --runs /data/runs --minutes 98 --no-install",
            "rnncomplete train a.txt notes --style x --minutes 98.0",
        ),
        (
            r"rnncomplete train 'C:\Users\me\my book.txt' --style=x --save-seconds 5 --resume --no-skip",
            "rnncomplete train 'my book.txt' --style x --no-skip",
        ),
        (
            "rnncomplete train t --style x --devices 2 --threads 1 --description 'a b'",
            "rnncomplete train t --style x --description 'a b'",
        ),
        ("rnncomplete train t --style x --gone-option /home/me", "rnncomplete train --style x"),
        ("", ""),
    ],
)
def test_a_recorded_command_has_no_paths_and_nothing_about_the_machine(typed: str, recorded: str) -> None:
    assert cleaned_command(typed, train) == recorded
    assert cleaned_command(recorded, train) == recorded
