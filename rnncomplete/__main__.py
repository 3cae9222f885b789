"""``python -m rnncomplete`` is the command ``rnncomplete``."""

from rnncomplete.cli import main

if __name__ == "__main__":
    main()
