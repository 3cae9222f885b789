"""What the commands of the prompt do."""

from __future__ import annotations

import os
import re
import shlex
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rnncomplete.errors import RnncompleteError, SettingError, TextError
from rnncomplete.ghost.keys import help_rows
from rnncomplete.network.source_kind import suits
from rnncomplete.repl.commands import CHANGEABLE, COMMANDS, shortened
from rnncomplete.repl.history import StyleHistory
from rnncomplete.repl.look import TabDrawer, cut, say, say_coloured, short, show_picture, side_by_side, table, write
from rnncomplete.repl.signals import Interruption, postponed_signals
from rnncomplete.settings import SETTINGS
from rnncomplete.styles import expect_style, find_style, list_styles
from rnncomplete.text.decoding import read_text
from rnncomplete.text.printing import one_line
from rnncomplete.text.wording import counted, short_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prompt_toolkit import PromptSession

    from rnncomplete.completion.completer import Completer
    from rnncomplete.completion.learning_job import Study
    from rnncomplete.ghost.suggest import RNNAutoSuggest
    from rnncomplete.network.card import Card
    from rnncomplete.repl.manuscript import Manuscript

GENERATED = 500
"""Characters that ``:generate`` writes unless told otherwise."""

SLIGHT, STRONG = 0.3, 1.0
"""Nats by which a word moves a label for it to be coloured, and for it to be bold."""

TOLD = 5
"""How many files left out ``:learn`` tells of one by one."""


class Actions:
    """A method for each command; each takes its argument, and raises :class:`RnncompleteError` for people."""

    def __init__(
        self, session: PromptSession[str], suggest: RNNAutoSuggest, manuscript: Manuscript, device: str
    ) -> None:
        self.left = False
        """Whether the user has asked to leave."""
        self.interruption = Interruption()
        """Whether the user wants no more of what a command does."""
        self._session = session
        self._suggest = suggest
        self._manuscript = manuscript
        self._device = device

    def do(self, name: str, argument: str) -> None:
        """Do the command called ``name``."""
        self.interruption.forget()
        if name == "save!":
            self._save(argument, force=True)
        else:
            getattr(self, f"_{name}")(argument)

    def _style(self, name: str) -> None:
        """Change the style, or describe this one."""
        if not name:
            self._say("\n".join(_described(self._card())))
            return
        expect_style(name)  # a wrong name is to be told before anything changes
        self._suggest.use(name, self._device)
        self._session.lexer = None
        self._session.default_buffer.history = self._session.history = StyleHistory(name)

    def _styles(self, _: str) -> None:
        """List the styles."""
        rows = []
        from rnncomplete.network.loading import read_card

        for style in list_styles():
            try:
                card = read_card(style.folder)
                row = (style.name, f"{short_number(card.parameters)} parameters", one_line(card.description))
            except RnncompleteError as error:
                row = (style.name, "damaged", one_line(str(error)))
            rows.append((*row[:2], row[2] if style.shipped else f"{row[2]} (your own)"))
        self._say(
            table(rows) if rows else "there are no styles yet; train one with: rnncomplete train TEXT --style NAME"
        )

    def _stages(self, name: str) -> None:
        """Show what the network wrote while it learned."""
        from rnncomplete.network.loading import read_card

        card = read_card(find_style(name)) if name else self._card()
        if not card.stages:
            say(f"the card of {card.style} tells no stages")
        for stage in card.stages:
            read = stage.get("characters", 0)
            self._say(f"\n— after {short_number(int(read))} characters, loss {float(stage.get('loss', 0)):.2f}:")
            self._say(str(stage.get("sample", "")))

    def _readout(self, _: str) -> None:
        """Show how each word of the document moved its label: green towards it, red away, bold if far."""
        from rnncomplete.completion.classifier import Classifier
        from rnncomplete.completion.document import LONGEST_LIVE

        completer = self._completer()
        classifier = Classifier(completer.model, None if completer.static else completer.memory)
        moments = classifier.moments(self._manuscript.text[-LONGEST_LIVE:])
        if not moments:
            say("the document is empty; write something first")
            return
        say_coloured([(_colour(moment.moved), moment.word) for moment in moments])
        shares = moments[-1].shares
        say(", ".join(f"{label} {100 * share:.0f} %" for label, share in zip(classifier.labels, shares, strict=True)))
        most = sorted(moments, key=lambda moment: -abs(moment.moved))[:TOLD]
        told = (f"{moment.word.strip()} {moment.moved:+.1f}" for moment in most)
        say(f"moved most, in nats towards {classifier.labels[int(shares.argmax())]}: {', '.join(told)}")

    def _picture(self, name: str) -> None:
        """Let ghosts describe a picture, which is shown."""
        from rnncomplete.network.picture_file import read_image, seen, size_of

        size = size_of(self._card())
        if not name:
            self._suggest.write_about("")
            say("ghosts describe no picture any more")
            return
        image = read_image(path_of(name))
        self._suggest.write_about(seen(image, size))
        show_picture(image)

    def _source(self, argument: str) -> None:
        """Say what the document translates: a text from the line that is written next on, a file from the first line."""
        from rnncomplete.completion.sources import with_lines_from

        suggest, line = self._suggest, self._manuscript.line
        if argument == "off":
            suggest.write_about("")
        elif argument:
            self._card()
            path = path_of(argument)
            is_file = exists(path) and path.is_file()
            suggest.write_about(read_text(path) if is_file else with_lines_from(suggest.source, line, argument))
        elif isinstance(suggest.source, str) and suggest.source:
            lines = suggest.source.removesuffix("\n").split("\n")
            self._say("\n".join(f"{'>' if number == line else ' '} {text}" for number, text in enumerate(lines)))
        else:
            say("the document translates nothing. :source TEXT is what the lines from this one on translate,")
            say(":source FILE what those from the first on do; :source off is the end of it")

    def _generate(self, argument: str) -> None:
        """Let the network write; what came is kept, also if Ctrl-C stops it."""
        number = GENERATED if not argument else int(argument) if re.fullmatch("[0-9]{1,7}", argument) else 0
        if not 1 <= number <= 1_000_000:
            raise SettingError(f":generate takes a number from 1 to 1000000, and {shortened(argument)!r} was given")
        completer, wanted = self._completer(), self.interruption.wanted
        if self._suggest.source is not None and suits(completer.card, self._suggest.source):
            completer.open(source=self._suggest.source)
        written, tabs = [], TabDrawer()
        try:
            for character in takewhile(lambda _: wanted(), islice(self._written(completer, wanted), number)):
                written.append(character)
                write(tabs.draw(character))
        finally:
            self._manuscript.add("".join(written))
        say("")

    def _open(self, name: str) -> None:
        """Take a file as the document."""
        self._manuscript.open(path_of(name))
        text = self._manuscript.text
        lines = text.removesuffix("\n").split("\n") if text else []
        say(f"{counted(len(text), 'character')}, {counted(len(lines), 'line')}{'; it ends:' * bool(text)}")
        for line in lines[-5:]:
            say(cut(line))

    def _learn(self, name: str) -> None:
        """Learn from a file or folder in the background."""
        completer = self._completer()
        if name == "off":
            self._suggest.forget()
            say("ghosts know no files any more")
        elif completer.static:
            raise SettingError("with --static the network stands alone and learns nothing; start without it to learn")
        elif name:
            path = path_of(name)
            if not exists(path):
                raise TextError(f"there is no file or folder {short(path)}; expected one to learn from")
            self._suggest.learn([path])
            say(f"learning from {short(path)}; you can write on meanwhile")
        else:
            self._say("\n".join(_told(self._suggest.study)))

    def _save(self, name: str, *, force: bool = False) -> None:
        """Write the document to a file."""
        path = path_of(name)
        if exists(path) and path.is_dir():
            raise SettingError(f"{short(path)} is a folder; name a file in it: :save {short(path / 'text.txt')}")
        if exists(path) and not path.is_file():
            raise SettingError(f"{short(path)} is a pipe or a device; expected a file that is there or is to be")
        if exists(path) and not force:
            raise SettingError(f"{name} is there already; :save! {name} replaces it")
        others = self._manuscript.save(path)
        length = len(self._manuscript.text)
        kept = (
            f"; {counted(others, 'other name')} of the file (hard links) keep{'s' * (others == 1)} the old text"
            * bool(others)
        )
        say(f"{counted(length, 'character')} {'is' if length == 1 else 'are'} in {short(path)}{kept}")

    def _show(self, _: str) -> None:
        """Print the document."""
        self._say(self._manuscript.text.removesuffix("\n") if self._manuscript else "the document is empty")

    def _edit(self, _: str) -> None:
        """Change the document in an editor."""
        import click

        try:
            # A signal waits for the editor, whose file goes with us.
            with postponed_signals(), self._session.input.cooked_mode():
                changed = click.edit(self._manuscript.original)
                if changed is not None:
                    self._manuscript.replace(changed)
        except click.ClickException as error:
            raise SettingError(f"{error.message}; set EDITOR to the program to use") from None
        except UnicodeDecodeError:
            raise SettingError("what the editor wrote is not UTF-8; the document is as it was") from None

    def _undo(self, _: str) -> None:
        """Take back the last change of the document."""
        if not self._manuscript.undo():
            say("there is nothing to undo")
        elif self._manuscript:
            say(cut(f"the document ends: {self._manuscript.last_line!r}"))
        else:
            say("the document is empty")

    def _clear(self, _: str) -> None:
        """Begin a new document."""
        self._manuscript.replace("")

    def _set(self, argument: str) -> None:
        """Show or change how ghosts are made."""
        completer = self._completer()
        if not argument:
            say(table((name, f"{getattr(completer.options, name):g}") for name in CHANGEABLE))
            return
        name, _, value = argument.partition(" ")
        if name not in CHANGEABLE:
            raise SettingError(f"there is no setting {shortened(name)!r}; expected one of {', '.join(CHANGEABLE)}")
        try:
            checked = SETTINGS[name][1](value.strip())
        except ValueError as error:
            raise SettingError(f":set {name} takes {error}, and {shortened(value.strip())!r} was given") from None
        self._suggest.decide(**{name: cast("float", checked)})

    def _stats(self, _: str) -> None:
        """Show what the ghosts were good for."""
        tally = self._suggest.tally
        share = f" ({100 * tally.saved / tally.typed:.0f} % of {tally.typed:,} characters)" if tally.typed else ""
        took = "" if self._suggest.milliseconds is None else f"{self._suggest.milliseconds:.1f} ms"
        say(
            table(
                [
                    ("keystrokes saved", f"{tally.saved:,}{share}"),
                    ("characters accepted", f"{tally.accepted:,}"),
                    ("ghosts shown", f"{tally.shown:,}"),
                    ("last ghost took", took or "none yet"),
                ]
            )
        )

    def _help(self, _: str) -> None:
        """Show commands and keys."""
        commands = [(f":{item.name} {item.argument}".rstrip(), item.what) for item in COMMANDS]
        others = [
            ("Alt-Enter", "a line end without entering the line"),
            ("Tab", "indents code where there is no ghost"),
            ("::", "a line that begins with a colon"),
        ]
        say(f"{side_by_side(commands)}\n{side_by_side([*help_rows(), *others])}")

    def _quit(self, _: str) -> None:
        """Leave."""
        self.left = True

    def _say(self, text: str) -> None:
        """Print what may be long."""
        say(text, self.interruption.wanted)

    def _completer(self) -> Completer:
        """That of the style in use; raises :class:`SettingError` while there is none."""
        if self._suggest.problem is not None:
            raise SettingError(self._suggest.problem)
        if self._suggest.completer is None:
            raise SettingError(f"the style {self._suggest.style} is still being loaded; try again in a moment")
        return self._suggest.completer.current

    def _card(self) -> Card:
        return self._completer().card

    def _written(self, completer: Completer, wanted: Callable[[], bool]) -> Iterator[str]:
        """Endless characters after the document."""
        from rnncomplete.completion.sampler import sample

        reading = completer.read(self._manuscript.text, wanted)
        if reading is None:
            return iter(())
        return sample(completer.step, *reading, completer.model.vocabulary)


def _colour(moved: float) -> str:
    """Of a word that moved the label by so many nats."""
    if abs(moved) < SLIGHT:
        return ""
    return f"{'bold ' if abs(moved) >= STRONG else ''}{'ansigreen' if moved > 0 else 'ansired'}"


def path_of(argument: str) -> Path:
    """The path that somebody has typed, as it is or quoted as in a shell; raises :class:`SettingError`.

    What is there under the name as it was typed wins. In whatever locale, its bytes are those of UTF-8.
    """
    if "\0" in argument:
        raise SettingError("a NUL character is in the name, which no file can have")
    for name in dict.fromkeys((argument, unquoted(argument))):
        path = Path(os.fsdecode(name.encode("utf-8", "surrogateescape")))
        try:
            path = path.expanduser()
        except RuntimeError:
            raise SettingError(
                f"{name} begins with the home of somebody unknown; ./{name} is a file of that name"
            ) from None
        if exists(path):
            break
    return path


def unquoted(argument: str) -> str:
    """``argument`` without the quotes of a shell, if those make one word of it."""
    words = shlex.shlex(argument, posix=True, punctuation_chars=False)
    words.whitespace_split, words.commenters = True, ""
    if os.name == "nt":
        words.escape = ""  # there it is what stands between folders
    try:
        first, *more = words
    except ValueError:
        return argument
    return argument if more or not first else first


def exists(path: Path) -> bool:
    """Whether there is such a file or folder, and one may see it."""
    try:
        return path.exists()
    except OSError:
        return False


def _described(card: Card) -> list[str]:
    """What ``:style`` tells of a style, for people who write in it."""
    corpus = ", ".join(str(card.corpus[key]) for key in ("name", "licence") if key in card.corpus)
    figures = (name for name in ("nats_per_character", "keystrokes_saved") if name in card.figures)
    return [
        f"{card.style}: {card.description}",
        *([f"trained on {corpus}"] if corpus else []),
        *(f"{name.replace('_', ' ')} {card.figures[name]}" for name in figures),
        f"rnncomplete styles info {card.style} tells all that is known of it",
    ]


def _told(study: Study | None) -> list[str]:
    """What ``:learn`` tells of what was learned."""
    if study is None:
        return ["nothing was learned from files; :learn PATH does"]
    paths = ", ".join(map(str, study.paths))
    if study.share is not None:
        return [f"learning from {paths}: {100 * study.share:.0f} %"]
    if study.problem is not None:
        return [f"nothing was learned: {study.problem}"]
    if study.learned is None:
        return [f"nothing was learned from {paths}"]
    left_out = [f"left out: {line}" for line in study.left_out[:TOLD]]
    more = [f"and {len(study.left_out) - TOLD} more"] if len(study.left_out) > TOLD else []
    files = study.learned.files
    return [
        f"learned {counted(study.learned.characters, 'character')} of {counted(files, 'file')}: {paths}",
        *left_out,
        *more,
    ]
