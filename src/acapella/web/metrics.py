"""Counts and gauges in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats)."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, get_args

from acapella import __version__
from acapella.web.songs import State
from acapella.web.studio import Studio

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metric(NamedTuple):
    """A family of values, by the value of one label; "" where there is no label."""

    name: str
    kind: str
    help: str
    label: str
    values: Mapping[str, float]

    def lines(self) -> Iterable[str]:
        """As text; labels are words of ours, which need no escaping."""
        yield f"# HELP {self.name} {self.help}"
        yield f"# TYPE {self.name} {self.kind}"
        for label, value in self.values.items():
            yield f'{self.name}{{{self.label}="{label}"}} {value:.12g}' if self.label else f"{self.name} {value:.12g}"


def expose(studio: Studio) -> str:
    """All metrics of a server."""
    counts, queue = studio.store.counts(), studio.queue
    metrics = [
        Metric("acapella_info", "gauge", "The version.", "version", {__version__: 1}),
        Metric("acapella_songs", "gauge", "Songs by state.", "state", {s: counts.get(s, 0) for s in get_args(State)}),
        Metric("acapella_uploads_total", "counter", "Songs uploaded.", "", {"": studio.uploaded}),
        Metric("acapella_uploads_running", "gauge", "Uploads coming in.", "", {"": studio.uploads}),
        Metric("acapella_songs_ended_total", "counter", "Attempts that ended, by their end.", "state", queue.ended),
        Metric("acapella_audio_seconds_total", "counter", "Audio separated.", "", {"": queue.separated_seconds}),
        Metric("acapella_separation_seconds_total", "counter", "Time it took.", "", {"": queue.working_seconds}),
        Metric("acapella_workers", "gauge", "Songs that can run at a time.", "", {"": studio.settings.workers}),
        Metric("acapella_disk_bytes", "gauge", "Uploads and stems.", "", {"": studio.store.bytes_used()}),
        Metric("acapella_quota_bytes", "gauge", "The most they may be.", "", {"": studio.settings.quota}),
    ]
    return "\n".join(line for metric in metrics for line in metric.lines()) + "\n"
