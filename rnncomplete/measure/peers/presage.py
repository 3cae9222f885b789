"""presage as a peer: Debian's predictive text entry, which knows the 3-grams of words of the corpus.

Its configuration is the one it comes with, but for three things: the counts are of the corpus instead of a novel, a
suggestion is repeated while it stands, and none of a single character is made. It learns from what is typed, too.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import shutil
import subprocess
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rnncomplete.errors import SettingError
from rnncomplete.measure.peers.peer import Peer
from rnncomplete.text.printing import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

INSTALL = "apt install presage"
AGAIN = "to install it again on Debian and Ubuntu type: apt install --reinstall presage"

ORDER = 3
"""Words of a gram, as in its own configuration."""

MOST_CHARACTERS = 10_000_000
"""Of the corpus, its end, that are counted: its own program takes a minute of a core for so many."""

READ = 2000
"""Characters before the cursor that it is given; it looks at the last 80."""

CONFIGURATION = """<?xml version="1.0" encoding="UTF-8" standalone="no" ?>
<Presage>
  <PredictorRegistry><LOGGER>ERROR</LOGGER>
    <PREDICTORS>DefaultSmoothedNgramPredictor UserSmoothedNgramPredictor DefaultRecencyPredictor</PREDICTORS>
  </PredictorRegistry>
  <ContextTracker><LOGGER>ERROR</LOGGER>
    <SLIDING_WINDOW_SIZE>80</SLIDING_WINDOW_SIZE><LOWERCASE_MODE>yes</LOWERCASE_MODE>
    <ONLINE_LEARNING>yes</ONLINE_LEARNING>
  </ContextTracker>
  <Selector><LOGGER>ERROR</LOGGER>
    <SUGGESTIONS>6</SUGGESTIONS><REPEAT_SUGGESTIONS>yes</REPEAT_SUGGESTIONS>
    <GREEDY_SUGGESTION_THRESHOLD>1</GREEDY_SUGGESTION_THRESHOLD>
  </Selector>
  <PredictorActivator><LOGGER>ERROR</LOGGER>
    <PREDICT_TIME>1000</PREDICT_TIME><MAX_PARTIAL_PREDICTION_SIZE>60</MAX_PARTIAL_PREDICTION_SIZE>
    <COMBINATION_POLICY>Meritocracy</COMBINATION_POLICY>
  </PredictorActivator>
  <ProfileManager><LOGGER>ERROR</LOGGER><AUTOPERSIST>false</AUTOPERSIST></ProfileManager>
  <Predictors>
    <DefaultSmoothedNgramPredictor><PREDICTOR>SmoothedNgramPredictor</PREDICTOR><LOGGER>ERROR</LOGGER>
      <DBFILENAME>{corpus}</DBFILENAME><DELTAS>0.01 0.1 0.89</DELTAS><LEARN>false</LEARN>
      <DatabaseConnector><LOGGER>ERROR</LOGGER></DatabaseConnector>
    </DefaultSmoothedNgramPredictor>
    <UserSmoothedNgramPredictor><PREDICTOR>SmoothedNgramPredictor</PREDICTOR><LOGGER>ERROR</LOGGER>
      <DBFILENAME>{typed}</DBFILENAME><DELTAS>0.01 0.1 0.89</DELTAS><LEARN>true</LEARN>
      <DatabaseConnector><LOGGER>ERROR</LOGGER></DatabaseConnector>
    </UserSmoothedNgramPredictor>
    <DefaultRecencyPredictor><PREDICTOR>RecencyPredictor</PREDICTOR><LOGGER>ERROR</LOGGER>
      <LAMBDA>1</LAMBDA><N_0>1</N_0><CUTOFF_THRESHOLD>20</CUTOFF_THRESHOLD>
    </DefaultRecencyPredictor>
  </Predictors>
</Presage>
"""


class Predictor(Protocol):
    """What presage's library does."""

    def predict(self, before: str) -> tuple[str, list[str]]:
        """The word being typed, as far as it is, and what it may become, the likeliest first."""


class PresageGhosts:
    """The rest of the first suggestion that goes on with the word as it was typed."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def __call__(self, before: str) -> str:
        """The ghost after ``before``."""
        typed, suggested = self._predictor.predict(before[-READ:])
        return next((word[len(typed) :] for word in suggested if word.startswith(typed) and word != typed), "")


def presage(corpus: str, progress: Callable[[int, int], None] = lambda *_: None) -> Peer:
    """Its 3-grams are of ``corpus``; raises :class:`SettingError` where it is not installed, or fails."""
    if not (shutil.which("text2ngram") and ctypes.util.find_library("presage")):
        raise SettingError(f"presage is not installed; on Debian and Ubuntu type: {INSTALL}")
    folder = Path(tempfile.mkdtemp(prefix="presage"))
    try:
        library, size = _counted(folder, corpus, progress)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(library, shutil.rmtree, folder, ignore_errors=True)
    return Peer("presage", PresageGhosts(library), size / 1e6, {"order": ORDER})


def _counted(folder: Path, corpus: str, progress: Callable[[int, int], None]) -> tuple[Library, int]:
    """The library with what it counted of ``corpus`` in ``folder``, and how many bytes that is."""
    text, counts = folder / "corpus.txt", folder / "corpus.db"
    text.write_text(corpus[-MOST_CHARACTERS:], encoding="utf-8")
    for length in range(1, ORDER + 1):
        command = ["text2ngram", "-n", str(length), "-f", "sqlite", "-o", str(counts), str(text)]
        try:
            subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
        except (OSError, subprocess.CalledProcessError) as error:
            said = error.strerror if isinstance(error, OSError) else one_line(error.stderr.decode("utf-8", "replace"))
            raise SettingError(f"presage's text2ngram cannot count the corpus: {said or error}; {AGAIN}") from None
        progress(length, ORDER)
    return Library(folder, counts), counts.stat().st_size


class Library:
    """presage's library, by its C interface, with the ``counts`` of a corpus; it writes into ``folder``."""

    def __init__(self, folder: Path, counts: Path) -> None:
        self._library = ctypes.CDLL(ctypes.util.find_library("presage"))
        for name in ("presage_free_string", "presage_free_string_array"):
            getattr(self._library, name).restype = None
        self._before, self._behind = ctypes.create_string_buffer(b""), ctypes.create_string_buffer(b"")
        kind = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)
        # They are called later, and must live as long.
        self._told = (kind(lambda _: ctypes.addressof(self._before)), kind(lambda _: ctypes.addressof(self._behind)))
        self._handle = ctypes.c_void_p()
        configuration = folder / "presage.xml"
        written = CONFIGURATION.format(corpus=counts, typed=folder / "typed.db")
        configuration.write_text(written, encoding="utf-8")
        path, made = str(configuration).encode(), ctypes.byref(self._handle)
        self._check(self._library.presage_new_with_config(self._told[0], None, self._told[1], None, path, made))

    def predict(self, before: str) -> tuple[str, list[str]]:
        """The word being typed, as far as it is, and what it may become, the likeliest first."""
        self._before = ctypes.create_string_buffer(before.replace("\0", " ").encode())
        suggested, typed = ctypes.POINTER(ctypes.c_char_p)(), ctypes.c_void_p()
        self._check(self._library.presage_predict(self._handle, ctypes.byref(suggested)))
        words: list[str] = []
        while (word := suggested[len(words)]) is not None:
            words.append(word.decode("utf-8", "replace"))
        self._library.presage_free_string_array(suggested)
        self._check(self._library.presage_prefix(self._handle, ctypes.byref(typed)))
        prefix = ctypes.string_at(typed).decode("utf-8", "replace")
        self._library.presage_free_string(typed)
        return prefix, words

    def _check(self, code: Any) -> None:
        if code:
            raise SettingError(f"presage's library failed with its error {code}; {AGAIN}")
