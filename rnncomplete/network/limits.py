"""What a process may take that runs what strangers made: processor time, memory, and no files."""

from __future__ import annotations

import contextlib

PROCESSOR_SECONDS = 10
BYTES = 2 * 2**30
"""Of address space; 0.4 are taken by Python and its libraries."""


def limit_process() -> None:
    """Bound what this process may take, and forbid it to write files, where the system can."""
    with contextlib.suppress(ImportError):  # Windows
        import resource

        for what, most in (
            (resource.RLIMIT_CPU, PROCESSOR_SECONDS),
            (resource.RLIMIT_AS, BYTES),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CORE, 0),
        ):
            with contextlib.suppress(ValueError, OSError):  # macOS has no such bound for some
                resource.setrlimit(what, (most, most))
