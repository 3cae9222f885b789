"""Ghosts in every IPython: copy this to the folder that ``ipython locate profile`` prints.

What IPython is to use is a setting of rnncomplete, as in its other programs: ``RNNCOMPLETE_STYLE``, ``rnncomplete.toml``.
"""

c = get_config()  # noqa: F821 - IPython defines it
c.InteractiveShellApp.extensions = ["rnncomplete"]
