"""Print the typing simulation of every style beside its peers, as Markdown: see README.md here.

python export/benchmarks/peers.py shakespeare=corpus.txt,held-out.txt linux=tree.txt,held-out.c
"""

from __future__ import annotations

import subprocess
import sys

CHARACTERS = "5000"


def main(arguments: list[str]) -> int:
    """One table a style; returns the exit code."""
    for argument in arguments:
        style, _, files = argument.partition("=")
        corpus, _, text = files.partition(",")
        if not text:
            sys.stderr.write(f"found {argument!r}; expected STYLE=CORPUS,FILE\n")
            return 2
        command = ["eval", "--style", style, "--peers", "--corpus", corpus, "--characters", CHARACTERS, text]
        sys.stdout.write(f"## {style}\n\n`rnncomplete {' '.join(command)}`\n\n")
        sys.stdout.flush()
        done = subprocess.run([sys.executable, "-P", "-m", "rnncomplete", *command], check=False)
        if done.returncode:
            return done.returncode
        sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
