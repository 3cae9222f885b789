"""What somebody wants of ghosts in an editor: from the editor's own settings, and the files that other programs read, too.

An editor mixes what its user says with what the open project brings. So a style may be named that is installed, and none
that lies somewhere; what is switched off anywhere stays off.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from rnncomplete.editors.languages import styles_for
from rnncomplete.errors import SettingError
from rnncomplete.settings import COMBINED, Setting, check_setting, load_settings
from rnncomplete.styles import AUTO, is_installed
from rnncomplete.text.ignoring import Patterns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rnncomplete.settings import Settings

SECTION = "rnncomplete"
"""What an editor calls our settings."""

MOST_FITTING = 2
"""Styles that fit a language; where there are more, nothing is known of the language."""

NAMES = ("style", "styles", "off", "ignore", "learn", "alternatives", "threshold", "length", "budget_ms")
"""What an editor may set; it may have settings of its own by other names."""

SECRETS = Patterns(
    [
        *(
            ".env",
            ".env.*",
            "*.env",
            "*.pem",
            "*.key",
            "*.p12",
            "*.pfx",
            "*.jks",
            "*.keystore",
            "*.kdbx",
            "*.gpg",
            "*.asc",
        ),
        *(
            "id_rsa*",
            "id_dsa*",
            "id_ecdsa*",
            "id_ed25519*",
            ".netrc",
            "_netrc",
            ".pgpass",
            ".htpasswd",
            ".npmrc",
            ".pypirc",
        ),
        *(
            "credentials*",
            "secret*",
            "password*",
            "*.secret",
            "*.tfvars",
            "*.tfstate",
            ".git-credentials",
            "*.ovpn",
            ".ssh/",
        ),
        *(
            f"!*.{suffix}"
            for suffix in ("py", "js", "ts", "jsx", "tsx", "c", "h", "cpp", "go", "rs", "java", "sh", "md", "rst")
        ),
    ]
)
"""Files that hold passwords and keys, by their names: of them nothing is read."""


@dataclass(frozen=True)
class Preferences:
    """What somebody wants, and what of it could not be had."""

    style: str | None = None
    """The style for all texts; ``None`` for that of each text's language."""
    fallback: str | None = None
    """The style for texts whose language has none, or ``None`` for what fits."""
    styles: Mapping[str, str] = field(default_factory=dict)
    """Styles for languages."""
    off: frozenset[str] = frozenset()
    """Languages without ghosts."""
    ignore: tuple[str, ...] = ()
    """Files without ghosts, as in a ``.gitignore``."""
    learn: bool = True
    """Whether the files of the project are counted."""
    alternatives: int = 3
    """How many ghosts there are for whoever asks."""
    threshold: float | None = None
    """Smallest probability of what is shown; ``None`` for the style's own."""
    length: int | None = None
    """Characters at most; ``None`` for what suits the language."""
    budget_ms: float | None = None
    device: str = "auto"
    problems: tuple[str, ...] = ()
    """A line for everything that was not taken, and why."""

    def candidates(self, language: str, installed: frozenset[str]) -> tuple[str, ...]:
        """The styles that a text of that ``language`` may be written in, of those ``installed``, the likeliest first."""
        named = self.styles.get(language) or self.style
        if named and named != AUTO:
            return (named,)
        found = styles_for(language, installed)
        return (self.fallback,) if self.fallback and len(found) > MOST_FITTING and named != AUTO else found

    def switched_off_by(self, others: Sequence[Preferences]) -> Preferences:
        """These, and what ``others``, of more folders that are open, switch off: one server heeds them all everywhere."""
        return replace(
            self,
            off=self.off.union(*(one.off for one in others)),
            ignore=tuple(dict.fromkeys(pattern for one in (self, *others) for pattern in one.ignore)),
            learn=self.learn and all(one.learn for one in others),
            problems=tuple(dict.fromkeys(problem for one in (self, *others) for problem in one.problems)),
        )

    def why_off(self, path: str, inside: str, language: str) -> str | None:
        """Why there are no ghosts in the file ``path``, called ``inside`` in its project; ``None`` if there are."""
        if language in self.off:
            return f"ghosts are off for {language} (setting off)"
        if self.ignore and Patterns(self.ignore).match(inside):
            return f"{inside} is left out (setting ignore)"
        if SECRETS.match(path.replace("\\", "/").lstrip("/").lower()):
            return f"{inside} may hold secrets, by its name"
        return None


def read_preferences(
    editor: Mapping[str, Any], folder: Path | None = None, flags: Mapping[str, Any] | None = None
) -> Preferences:
    """What the ``editor`` says, over the files that hold in ``folder``, and under the ``flags`` of the command.

    With no folder open the user's own file holds alone: an editor may have been started anywhere. Nothing raises: what is wrong is a line among ``problems``.
    """
    settings, problems = _that_hold(flags, folder)
    problems += settings.ignored
    found = dict(settings.all)
    forced = found["style"].value if found["style"].origin == "--style" else None
    named = None if found["style"].origin == "default" else found["style"].value
    said = _checked(editor, problems)
    for name, setting in said.items():
        if name != "style":
            found[name] = COMBINED[name](found[name], setting) if name in COMBINED else setting
    if forced is None and "style" in said:
        forced = said["style"].value
    return Preferences(
        style=None if forced == AUTO else forced,
        fallback=None if named == AUTO else named,
        styles=found["styles"].value,
        off=frozenset(name.lower() for name in found["off"].value),
        ignore=found["ignore"].value,
        learn=found["learn"].value,
        alternatives=found["alternatives"].value,
        threshold=found["threshold"].value,
        length=found["length"].value,
        budget_ms=found["budget_ms"].value,
        device=settings.device,
        problems=tuple(problems),
    )


def _that_hold(flags: Mapping[str, Any] | None, folder: Path | None) -> tuple[Settings, list[str]]:
    """As many settings as are right, and what is wrong: what the user switches off holds, whatever a project's file is."""
    problems: dict[str, None] = {}
    places: tuple[Literal["all", "user"], ...] = ("user",) if folder is None else ("all", "user")
    for given, environment in ((flags, None), ({}, {})):
        for files in places:
            try:
                return load_settings(given, environment=environment, folder=folder, files=files), list(problems)
            except SettingError as error:
                problems[str(error)] = None
    return load_settings({}, environment={}, files="none"), list(problems)


def _checked(editor: Mapping[str, Any], problems: list[str]) -> dict[str, Setting]:
    """Those settings of the ``editor`` that are right; a line for each that is not."""
    said = {}
    for name, value in editor.items():
        if value is None or name not in NAMES:
            continue
        try:
            setting = check_setting(name, value, "the editor")
        except SettingError as error:
            problems.append(str(error))
            continue
        for style in [setting.value] if name == "style" else list(setting.value.values()) if name == "styles" else []:
            if style != AUTO and not is_installed(style):
                problems.append(
                    f"the editor asks for the style {style!r}, which is not installed; see: rnncomplete styles"
                )
                break
        else:
            said[name] = setting
    return said
