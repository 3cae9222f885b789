"""Texts to train on by name: from a local mirror where ``RNNCOMPLETE_CORPORA`` points to one, else from the net."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from platformdirs import user_cache_path

from rnncomplete.errors import TextError

if TYPE_CHECKING:
    from collections.abc import Callable

VARIABLE = "RNNCOMPLETE_CORPORA"
"""Environment variable: a folder or an address (file, http or https) that holds ``NAME/train.txt`` of every text."""

_KARPATHY = "https://cs.stanford.edu/people/karpathy/char-rnn/"


@dataclass(frozen=True)
class NamedText:
    """Where a text is."""

    sha256: str
    """Of ``train.txt`` in a mirror: the text that the shipped style was trained on."""
    address: str | None
    """In the net: nearly the same text. Its hash is not known, so it is not checked."""
    source: str
    """For people: where the text comes from."""


TEXTS = {
    "shakespeare": NamedText(
        "13138ace2466e2077204b3c1f1b2b32dbcbec45c9947220e522b2272a77afb86",
        _KARPATHY + "shakespeare_input.txt",
        "Project Gutenberg 100",
    ),
    "tolstoy": NamedText(
        "219627364d31f91036cce5c3bb50b2b315b37112aa92c45bbce7d7cbec91836c",
        _KARPATHY + "warpeace_input.txt",
        "Project Gutenberg 2600",
    ),
    "linux": NamedText(
        "ed541c34b228685e147081b17c93ea419071dcde986ec0b85309e6ebe636d48d",
        _KARPATHY + "linux_input.txt",
        "kernel/**/*.c of Linux 6.1.192, cdn.kernel.org",
    ),
    "math": NamedText(
        "c7841a64254aaf6db0c6d5b6716f54ce4c6725e73dd5a07da683249977b1765e",
        None,
        "the *.tex of github.com/stacks/stacks-project",
    ),
    "python": NamedText(
        "6deaae4f721553ba358663bbeebf33bef6962940c24a787bb2aa3958514866e9",
        None,
        "Lib/ in the source release of Python 3.11.2",
    ),
    "linux-large": NamedText(
        "aec6bdd1c09f8c92675e5bc9aad7973a9ef9625ddd2db7aea7143ae0704e763b",
        None,
        "mm, block, ipc, io_uring, init, security, most of lib, fs, net, and kernel/**/*.c of Linux 6.1.192, cdn.kernel.org",
    ),
    "python-large": NamedText(
        "84faa7337e7dc87558e505144a14bedd38393b1a82c71d1de2cfff99c573f4ac",
        None,
        "about 95 packages of PyPI, then Lib/ in the source release of Python 3.11.2",
    ),
    "english": NamedText(
        "40d6e68a5a093c8cc87bb5b77661609caa4b703bb810b36ab6b859f78be65359",
        None,
        "modern English prose: handbooks, guides, textbooks, blogs, speeches, novels to 1929",
    ),
    "docs": NamedText(
        "011c0811dce29a0bc4821a28bebd6660cf3416bc2ba87549bd81284e009347eb",
        None,
        "the documentation of 62 projects, in Markdown and reStructuredText",
    ),
    "javascript": NamedText(
        "32d5594cd581726e256b6a4654936701230a1f69a0166c1939067d12f025576c",
        None,
        "JavaScript and TypeScript of 32 projects",
    ),
    "shell": NamedText(
        "040a1c00d15cd7a54ebca66e3c9c5a5c730c63086b27d2914a923e2b01cb437b",
        None,
        "shell scripts of about 20 projects, and tldr pages",
    ),
}


def resolve_text(path: Path, say: Callable[[str], None]) -> Path:
    """``path`` itself, or where the text of that name is after it was fetched; ``say`` is told what cannot be checked."""
    return path if path.exists() or str(path) not in TEXTS else fetch_text(str(path), say)


def fetch_text(name: str, say: Callable[[str], None]) -> Path:
    """The file of the text called ``name``, fetched unless it is in the cache; raises :class:`TextError`."""
    text = TEXTS[name]
    if mirror := os.environ.get(VARIABLE):
        base = mirror if urlsplit(mirror).scheme in {"file", "http", "https"} else Path(mirror).absolute().as_uri()
        return _retrieve(f"{base.rstrip('/')}/{name}/train.txt", f"sha256:{text.sha256}", f"{name}.txt")
    if text.address is None:
        raise TextError(
            f"the text {name!r} is not a single file on the web; get {text.source}, and train on that folder, or set "
            f"{VARIABLE} to a folder that holds {name}/train.txt"
        )
    say(f"{name}: from {text.address}, unverified and not quite the text that the shipped style was trained on")
    return _retrieve(text.address, None, f"{name}-unverified.txt")


def find_text(sha256: str | None) -> Path | None:
    """The text of that hash, if it is one by name and there is a mirror, for ``rnncomplete eval --peers``."""
    name = next((name for name, text in TEXTS.items() if text.sha256 == sha256), None)
    return fetch_text(name, lambda _: None) if name and os.environ.get(VARIABLE) else None


def _retrieve(address: str, known_hash: str | None, file: str) -> Path:
    import pooch

    pooch.get_logger().setLevel("ERROR")
    copier = _copy if urlsplit(address).scheme == "file" else None
    folder = user_cache_path("rnncomplete", appauthor=False) / "corpora"
    try:
        return Path(pooch.retrieve(address, known_hash, fname=file, path=folder, downloader=copier))
    except ValueError as error:
        raise TextError(
            f"{address} is not the text that was expected ({str(error).splitlines()[0]}); mend or unset {VARIABLE}"
        ) from None
    except OSError as error:  # those of requests, too
        raise TextError(
            f"cannot fetch {address} ({error.strerror or type(error).__name__}); give a file, or set {VARIABLE} to a local mirror"
        ) from None


def _copy(address: str, output: str, _pooch: object) -> None:
    """Fetch a ``file://`` address, which pooch itself does not."""
    shutil.copyfile(url2pathname(urlsplit(address).path), output)
