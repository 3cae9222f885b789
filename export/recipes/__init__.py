"""The recipes of the shipped styles, a TOML file each: ``rnncomplete train --recipe NAME``."""
