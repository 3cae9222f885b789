"""Prompts for models that fill in the middle: the text before the cursor and that behind it, told apart by marks.

Plug-ins write such a prompt for the model that they believe to be there. Each family of models has marks of its own; they
stand here as their makers publish them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MARKS = (
    ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),  # Qwen, CodeGemma
    ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),  # StarCoder, Granite
    ("<fim-prefix>", "<fim-suffix>", "<fim-middle>"),  # SantaCoder
    ("<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>"),  # GLM
    ("<PRE>", "<SUF>", "<MID>"),  # Code Llama
    ("<\uff5cfim\u2581begin\uff5c>", "<\uff5cfim\u2581hole\uff5c>", "<\uff5cfim\u2581end\uff5c>"),  # DeepSeek
    ("[PREFIX]", "[SUFFIX]", None),  # Codestral: the suffix comes first, and nothing closes the prefix
)
"""The marks before the prefix, before the suffix, and where the middle is to be written."""

_PADDED = ("<PRE>",)
"""Families whose marks have a blank beside them that belongs to neither text."""

_PATH = re.compile(r"(?:<\|file_sep\|>|<file_sep>|<filename>)([^\n<]+)\n?")
_HEADER = re.compile(r"\s*(?:#|//|--|;+|%|\"|<!--|/\*)\s*(language|indentation):([^\n]*)\n")


class Text(NamedTuple):
    """A text around a cursor."""

    before: str
    after: str
    path: str | None = None
    """The file's, if the prompt names one."""
    language: str | None = None
    """The language's name, if the prompt names one."""


def split_prompt(prompt: str, suffix: str = "") -> Text:
    """The text around the cursor that ``prompt`` stands for; ``suffix`` is behind the cursor if no marks are found."""
    for marks in MARKS:
        if (found := _split(prompt, *marks)) is not None:
            return found
    before, language = _without_header(prompt)
    return Text(before, suffix, None, language)


def _split(prompt: str, prefix: str, suffix: str, middle: str | None) -> Text | None:
    begin, hole = prompt.find(prefix), prompt.find(suffix)
    if min(begin, hole) < 0:
        return None
    if middle is None:
        if hole > begin:
            return None
        end = len(prompt)
    else:
        end = prompt.rfind(middle)
        if end < max(begin, hole):
            return None
    before = prompt[begin + len(prefix) : hole if hole > begin else end]
    after = prompt[hole + len(suffix) : begin if begin > hole else end]
    if prefix in _PADDED:
        before, after = before.removeprefix(" ").removesuffix(" "), after.removesuffix(" ")
    path = _PATH.search(prompt[: min(begin, hole)]) or _PATH.match(before)
    if path is not None and before.startswith(path.group()):
        before = before[path.end() :]
    before, language = _without_header(before)
    return Text(before, after, path.group(1).strip() if path else None, language)


def _without_header(before: str) -> tuple[str, str | None]:
    """``before`` without the comments about its language that minuet-ai.nvim writes above it, and the language."""
    language, end = None, 0
    while (line := _HEADER.match(before, end)) is not None:
        if line.group(1) == "language":
            language = line.group(2).strip().removesuffix("-->").removesuffix("*/").rstrip()
        end = line.end()
    return before[end:], language
