"""Songs that never were: the vocals of one track with the accompaniment of another."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from acapella.corpus.examples import Examples
from acapella.dsp.choppers import Rectangle
from acapella.settings.option_types import RemixParams

LEVEL = 2.0  # mean amplitude of a bin, to which all mixtures are brought: none weighs more by its loudness
SILENT = 1e-3  # mean amplitude below which there is nothing to bring there


@dataclass(frozen=True)
class Part:
    """One side of a remix: where it comes from, with what gain, tilt in dB an octave, and whether left is right.

    `speed` is how many times as fast it is played.
    """

    track: Examples
    rectangle: Rectangle
    gain: float
    tilt: float
    swap: bool
    speed: float

    def spectra(self) -> tuple[np.ndarray, list[np.ndarray]]:
        """The track's mixture and sources there, (1, channels, bins, frames) each, as they are."""
        return self.track.spectra(self.rectangle, self.speed)

    def of(self, spectrum: np.ndarray) -> np.ndarray:
        """The part's own sound, made of `spectrum` (1, channels, bins, frames)."""
        octaves = np.log2(np.maximum(np.arange(spectrum.shape[-2]), 1) / (spectrum.shape[-2] / 16))
        factor = self.gain * 10 ** (self.tilt * np.clip(octaves, -2, 4) / 20)
        sound: np.ndarray = spectrum * factor[:, None].astype(np.float32)
        return sound[:, ::-1] if self.swap else sound


@dataclass(frozen=True)
class Remix:
    """The sources of one track and what else there is in another, to be cut like a slice."""

    target: Part
    rest: Part

    def cut(self) -> tuple[np.ndarray, np.ndarray]:
        """Mixture and target, as those of a slice."""
        sources = [self.target.of(source) for source in self.target.spectra()[1]]
        mixture, own = self.rest.spectra()
        rest = self.rest.of(mixture - sum(own))
        remixed = sum(sources) + rest
        scale = _to_level(remixed)
        return self.target.track.encode(remixed * scale, [source * scale for source in sources])


def _to_level(mixture: np.ndarray) -> np.float32:
    level = np.abs(mixture).mean()
    return np.float32(LEVEL / level if level > SILENT else 1)


def families(tracks: Sequence[Examples]) -> list[list[Examples]]:
    """The tracks, by the folder they are in: only those of one folder are mixed with each other.

    So a data set that lacks the highest frequencies, say, is not mixed with one that has them.
    """
    found: dict[str, list[Examples]] = {}
    for track in tracks:
        found.setdefault(str(PurePosixPath(track.name).parent), []).append(track)
    return list(found.values())


def draw_remix(
    families: Sequence[Sequence[Examples]], frames: int, params: RemixParams, rng: np.random.Generator
) -> Remix:
    """A random remix of `frames` frames, all bins; each family is as likely as any other."""
    family = families[int(rng.integers(len(families)))]

    def draw(gain: float) -> Part:
        track = family[int(rng.integers(len(family)))]
        speed = float(rng.uniform(1 - params.speed, 1 + params.speed))
        if track.frames(speed) < frames:
            speed = 1.0
        tilt, swap = float(rng.uniform(-params.tilt, params.tilt)), bool(rng.random() < 0.5)
        return Part(track, _place(track, frames, speed, rng), gain, tilt, swap, speed)

    if rng.random() < params.together:
        part = draw(1.0)
        return Remix(part, part)
    kind = rng.random()
    balance = 10 ** (rng.uniform(-params.gain, params.gain) / 20)
    gains = (0.0, 1.0) if kind < params.solo else (1.0, 0.0) if kind < 2 * params.solo else (balance, 1.0)
    return Remix(draw(gains[0]), draw(gains[1]))


def _place(track: Examples, frames: int, speed: float, rng: np.random.Generator) -> Rectangle:
    start = int(rng.integers(track.frames(speed) - frames, endpoint=True))
    return Rectangle(0, track.extent[0], start, start + frames)
