"""Which style suits a text, by what its editor calls the language, or by the name of its file."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

UNKNOWN = "plaintext"
"""What editors call a language that they don't know; only then the name of the file decides."""

_NOTHING_SAID = frozenset({"", UNKNOWN, "text", "fundamental", "conf"})

_STYLES = {
    "python": ("python",),
    "linux": ("c", "cpp", "c++", "cuda", "cuda-cpp", "objc", "objcpp", "objective-c", "objective-cpp"),
    "javascript": (
        *("javascript", "javascriptreact", "typescript", "typescriptreact", "js", "ts", "jsx", "tsx"),
        *("json", "jsonc", "json5", "vue", "svelte"),
    ),
    "shell": ("shellscript", "sh", "bash", "zsh", "ksh", "dockerfile", "makefile", "make"),
    "math": ("latex", "tex", "plaintex", "bibtex", "bib"),
    "docs": ("markdown", "mdx", "quarto", "rst", "restructuredtext", "asciidoc", "asciidoctor", "help", "org"),
    "english": ("git-commit", "gitcommit", "git-rebase", "gettext", "po", "mail", "fountain"),
}

_FITTING = {"docs": ("docs", "english")}
"""Languages of this style may be written in any of these, whichever fits the text."""

_BEGIN = ("english", "docs")
"""Where to begin with a text of which nothing is known."""

_SUFFIXES = {
    "python": ".py .pyi .pyw",
    "c": ".c .h",
    "cpp": ".cc .cpp .cxx .hh .hpp .hxx .cu .cuh",
    "objective-c": ".m .mm",
    "javascript": ".js .mjs .cjs .jsx",
    "typescript": ".ts .mts .cts .tsx",
    "json": ".json .jsonc .json5",
    "vue": ".vue",
    "svelte": ".svelte",
    "shellscript": ".sh .bash .zsh .ksh",
    "makefile": ".mk",
    "latex": ".tex .sty .cls .ltx",
    "bibtex": ".bib",
    "markdown": ".md .markdown .mdx .qmd",
    "restructuredtext": ".rst",
    "asciidoc": ".adoc .asciidoc",
    "org": ".org",
    "gettext": ".po .pot",
    UNKNOWN: ".txt .text",
}

_NAMES = {
    "makefile": "makefile",
    "gnumakefile": "makefile",
    "dockerfile": "dockerfile",
    "containerfile": "dockerfile",
    "commit_editmsg": "git-commit",
    "merge_msg": "git-commit",
    "tag_editmsg": "git-commit",
    ".bashrc": "shellscript",
    ".bash_profile": "shellscript",
    ".profile": "shellscript",
    ".zshrc": "shellscript",
}

_LANGUAGES = {suffix: language for language, suffixes in _SUFFIXES.items() for suffix in suffixes.split()}
_STYLE = {language: style for style, languages in _STYLES.items() for language in languages}

CODE = frozenset(language for style in ("python", "linux", "javascript", "shell") for language in _STYLES[style])
"""Languages in which a block is a thing of several lines."""

_COMMENTS = {
    "python": ("#",),
    "shell": ("#",),
    "linux": ("//", "/*", "*"),
    "javascript": ("//", "/*", "*"),
    "math": ("%",),
}


def language_of(path: str, said: str = "") -> str:
    """The language of the file ``path``: what the editor has ``said``, or where that is nothing what its name says.

    :data:`UNKNOWN` where nobody knows.
    """
    if said.lower() not in _NOTHING_SAID:
        return said.lower()
    name = PurePath(path.replace("\\", "/")).name.lower()
    return _NAMES.get(name) or _LANGUAGES.get(PurePath(name).suffix, UNKNOWN)


def styles_for(language: str, installed: Collection[str]) -> tuple[str, ...]:
    """The styles that a text of that ``language`` may be written in, of those ``installed``; the first is the likeliest.

    A style that is called like the language goes before all others. Where several come back, the one that fits the text
    is to be chosen; of a language without a style these are all. Nothing is installed, nothing comes back.
    """
    style = _STYLE.get(language)
    wanted = (language, *_FITTING.get(style, (style,))) if style else (language,)
    found = tuple(dict.fromkeys(name for name in wanted if name in installed))
    if language in found:
        return (language,)
    if found:
        return found
    return tuple(dict.fromkeys([*(name for name in _BEGIN if name in installed), *sorted(installed)]))


def is_comment(language: str, line: str) -> bool:
    """Whether ``line`` is one of remarks in a text of that ``language``."""
    return line.lstrip().startswith(_COMMENTS.get(_STYLE.get(language, ""), ("\0",)))
