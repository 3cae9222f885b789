"""The command ``rnncomplete``, which is ``python -m rnncomplete``, too."""

from __future__ import annotations


def main() -> None:
    """Run the command line with the arguments of the process; Ctrl-C while it loads ends it without a word."""
    import os
    import signal

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda number, _: os._exit(128 + number))  # what is imported next takes a moment
    from rnncomplete.cli import main as command
    from rnncomplete.cli.interruption import load_silently

    load_silently()
    command()


if __name__ == "__main__":
    main()
