"""How much memory and time a process may take, where the system can enforce it (Windows cannot)."""

import signal
import sys
import time
from dataclasses import dataclass

if sys.platform != "win32":
    import resource

SIGXCPU = getattr(signal, "SIGXCPU", None)


@dataclass(frozen=True)
class Limits:
    """`memory`: bytes of address space of a process; `cpu`: its CPU seconds for one song. None: no limit."""

    memory: int | None = None
    cpu: int | None = None

    def hold_memory(self) -> None:
        """Let this process get no more memory than it may have: what asks for more gets an error."""
        if self.memory is not None:
            _lower("RLIMIT_AS", self.memory)

    def allow_cpu(self) -> None:
        """Let this process have its CPU seconds from now on; the system ends it when they are over."""
        if self.cpu is not None:
            _lower("RLIMIT_CPU", int(time.process_time()) + 1 + self.cpu)


NO_LIMITS = Limits()


def died_of(exit_code: int | None) -> str | None:
    """Which limit ended a process with this exit code, as a sentence; None if none did."""
    if SIGXCPU is not None and exit_code == -SIGXCPU:
        return "it took more time than a song may take; a shorter part, or a smaller model, takes less."
    return None


def _lower(name: str, value: int) -> None:
    """Set the soft limit, as far as the hard one allows."""
    if sys.platform == "win32":
        return
    kind = getattr(resource, name)
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
