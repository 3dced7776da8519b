"""What happens to a job: `Started`, then `Progressed` many times, then one of the three ends."""

from dataclasses import dataclass

from acapella.errors import AcapellaError
from acapella.jobs.job import Job, Result


@dataclass(frozen=True)
class Started:
    """The job has begun."""

    job: Job


@dataclass(frozen=True)
class Progressed:
    """So many `samples` of the song are separated, of `total` where that is known."""

    job: Job
    samples: int
    total: int | None


@dataclass(frozen=True)
class Done:
    """The job has ended well."""

    job: Job
    result: Result


@dataclass(frozen=True)
class Failed:
    """The job has ended with an error, and left nothing half-written."""

    job: Job
    error: AcapellaError


@dataclass(frozen=True)
class Cancelled:
    """The job was cancelled, before or while it ran, and left nothing half-written."""

    job: Job


End = Done | Failed | Cancelled
Event = Started | Progressed | End
