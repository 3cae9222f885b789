"""Run ``rnncomplete`` so that the system ends it by SIGSYS at the first socket: ``python no_sockets.py complete ...``.

A filter of system calls (https://docs.kernel.org/userspace-api/seccomp_filter.html) holds for all that the process does,
libraries written in C and its children included, and needs neither privileges nor another program. A pair of sockets
that only the process itself knows, as event loops have it, is another system call and is let through.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import sys

SOCKET = {"x86_64": 41, "aarch64": 198}
"""The number of the system call ``socket``."""

SUPPORTED = sys.platform == "linux" and platform.machine() in SOCKET

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
LOAD_WORD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, KILL_PROCESS = 0x7FFF0000, 0x80000000


class Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def forbid_sockets() -> None:
    """From now on, whoever in this process opens a socket ends it; raises ``OSError`` where that cannot be had."""
    instructions = (
        (LOAD_WORD, 0, 0, 0),  # the number of the system call
        (JUMP_IF_EQUAL, 0, 1, SOCKET[platform.machine()]),
        (RETURN, 0, 0, KILL_PROCESS),
        (RETURN, 0, 0, ALLOW),
    )
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)
    system = ctypes.CDLL(None, use_errno=True)
    for arguments in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(Program(len(instructions), code)), 0, 0),
    ):
        if system.prctl(*arguments):
            number = ctypes.get_errno()
            raise OSError(number, "no filter of system calls can be had here")


if __name__ == "__main__":
    forbid_sockets()
    sys.argv[0] = "rnncomplete"
    from rnncomplete.cli import main

    main()
