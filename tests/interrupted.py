"""A program that interrupts itself: ``python interrupted.py SIGNAL MODULE:FUNCTION ARGUMENT...`` runs the command with those
arguments, and sends itself the signal when that function is called, or with ``MODULE:<module>`` when it is imported.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import signal
import sys
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType


class Watch(MetaPathFinder):
    """Sends the signal ``number`` at the ``moment``, once; stands before all that find modules."""

    def __init__(self, number: int, moment: str) -> None:
        self.number = number
        self.module, _, self.function = moment.partition(":")

    def find_spec(self, name: str, path: object, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != self.module:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.loader is not None
        run = spec.loader.exec_module

        def watched(module: ModuleType) -> None:
            if self.function == "<module>":
                self.send()
            run(module)
            if self.function != "<module>":
                self.wrap(module)

        spec.loader.exec_module = watched  # type: ignore[method-assign]
        return spec

    def wrap(self, module: ModuleType) -> None:
        *holders, last = self.function.split(".")
        holder: Any = module
        for name in holders:
            holder = getattr(holder, name)
        called = getattr(holder, last)

        @functools.wraps(called)
        def wrapped(*arguments: Any, **options: Any) -> Any:
            self.send()
            return called(*arguments, **options)

        setattr(holder, last, wrapped)

    def send(self) -> None:
        number, self.number = self.number, 0
        if number:
            os.kill(os.getpid(), number)


if __name__ == "__main__":
    sys.meta_path.insert(0, Watch(getattr(signal, sys.argv[1]), sys.argv[2]))
    sys.argv[:3] = ["rnncomplete"]
    from rnncomplete.__main__ import main

    main()
