"""The program that draws a stranger's SVG as PNG, from stdin to stdout, within limits (:mod:`rnncomplete.network.picture_file`)."""

from __future__ import annotations

import sys

from rnncomplete.network.limits import limit_process


def main() -> None:
    """Draw as wide as the argument says; a traceback or a signal is a refusal."""
    import cairosvg  # type: ignore[import-not-found,import-untyped,unused-ignore] # where it is not installed

    limit_process()  # only now: some of what is imported looks for a folder that it can write to
    sys.stdout.buffer.write(cairosvg.svg2png(bytestring=sys.stdin.buffer.read(), output_width=int(sys.argv[1])))


if __name__ == "__main__":
    main()
