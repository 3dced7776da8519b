"""Training examples, drawn anew for each step: remixes of random recordings, and pieces of songs as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import effects
import numpy as np
from plans import Plan
from recordings import FULL_BAND, RATE, Recording

from acapella.dsp.stft import fft_library

WINDOW, HOP, BINS, FRAMES = 4096, 1024, 960, 192
SAMPLES = (FRAMES - 1) * HOP + WINDOW  # 4.5 s
HANN = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)
DRY = ("vox_", "singing", "speech", "mir1k")
SPEECH = {"speech": 0.7, "vox_producerspace_cc0": 0.3}
SILENT = 1e-3  # RMS below which an excerpt is not taken
KARAOKE_BALANCE = (0.0, 2.5)
CHANNEL_SHARE = 1 / 6  # of all examples that are made mono, and of all that are band-limited


@dataclass(frozen=True)
class Example:
    """A mixture and its vocals, complex64 (2, BINS, FRAMES); the loss is computed in the lowest `bins`.

    `mask` is a teacher's, of the same shape, or None; where `vocals` is None it is all that is known.
    """

    mixture: np.ndarray
    vocals: np.ndarray | None
    bins: int
    mask: np.ndarray | None = None


@dataclass(frozen=True)
class Excerpt:
    """Part of a recording, float32 (samples, 2), and the frequency in Hz above which it has nothing."""

    audio: np.ndarray
    limit: float


class Mixer:
    """Draws examples from `recordings` as a plan says; see plans.py.

    `audio` is the folder of the recordings, `masks` that of the teacher's masks (teacher.py).
    """

    def __init__(self, recordings: Sequence[Recording], audio: Path, masks: Path, plan: Plan) -> None:
        self._audio, self._masks, self._plan = audio, masks, plan
        self._by_corpus: dict[tuple[str, str], list[Recording]] = {}
        for recording in recordings:
            self._by_corpus.setdefault((recording.corpus, recording.kind), []).append(recording)
        self._arrays: dict[str, list[np.ndarray]] = {}

    def draw(self, rng: np.random.Generator) -> Example:
        """An example of a random kind."""
        kind = choose(self._plan.kinds, rng)
        example = {
            "remix": lambda: remix(rng, self._vocals(rng), self._instrumental(rng)),
            "karaoke": lambda: remix(rng, self._vocals(rng), self._instrumental(rng), KARAOKE_BALANCE),
            "speech": lambda: remix(rng, self._excerpt(rng, SPEECH, "speech"), self._instrumental(rng)),
            "instrumental": lambda: remix(rng, None, self._instrumental(rng)),
            "vocals": lambda: remix(rng, self._vocals(rng), None),
            "song": lambda: self._song(rng),
            "distillation": lambda: self._distillation(rng),
        }[kind]()
        if example is None:  # too quiet
            return self.draw(rng)
        return example if example.mask is not None else limit_channel(example, rng, kind == "karaoke")

    def _song(self, rng: np.random.Generator) -> Example | None:
        """A song as it is, but for speed, equalization, swapped channels and up to 3 dB of the vocals' level."""
        recording = self._choose(self._plan.corpora.songs, ("song",), rng)
        speed = draw_speed(rng, 0.88, 1.14)
        needed = int(SAMPLES * speed) + 8
        stems = self._load(recording)
        start = int(rng.integers(max(1, len(stems[1]) - needed)))
        gains, swap = effects.draw_equalization(BINS, rng), rng.random() < 0.5
        spectra = []
        for stem in stems:
            audio = effects.change_speed(cut(stem, start, needed), speed, SAMPLES)
            audio = np.repeat(audio, 2 // audio.shape[1], axis=1)
            spectra.append(spectrum_of(audio[:, ::-1] if swap else audio) * gains)
        vocals = spectra[0] * np.float32(10 ** (rng.uniform(-3, 3) / 20))
        mixture = vocals + spectra[1]
        if np.abs(mixture).mean() < SILENT:
            return None
        return Example(mixture, vocals, bins_below(recording.limit * speed))

    def _distillation(self, rng: np.random.Generator) -> Example | None:
        """A song as it is, with the teacher's mask, and with its vocals where they are known."""
        recording = self._choose(self._plan.corpora.distillation, ("song", "unlabelled"), rng)
        masks = np.load(self._masks / f"{recording.name}.npy", mmap_mode="r")
        start = int(rng.integers(max(1, masks.shape[-1] - FRAMES)))
        mask = masks[..., start : start + FRAMES].astype(np.float32)
        spectra = [spectrum_of(cut(array, start * HOP, SAMPLES)) for array in self._load(recording)]
        if mask.shape[-1] < FRAMES or np.abs(sum(spectra)).mean() < SILENT:
            return None
        if rng.random() < 0.5:
            spectra, mask = [spectrum[::-1] for spectrum in spectra], mask[::-1]
        vocals = spectra[0] if recording.kind == "song" else None
        return Example(sum(spectra), vocals, bins_below(recording.limit), mask)

    def _vocals(self, rng: np.random.Generator) -> Excerpt:
        """One voice, or in a fifth of all cases two of the same corpus."""
        corpus = {choose(self._plan.corpora.vocals, rng): 1.0}
        first = self._excerpt(rng, corpus, "vocals")
        if rng.random() > 0.2:
            return first
        second = self._excerpt(rng, corpus, "vocals")
        gain = np.float32(10 ** (rng.uniform(-12, 0) / 20) * rms(first.audio) / (rms(second.audio) + 1e-9))
        return Excerpt(first.audio + gain * second.audio, min(first.limit, second.limit))

    def _instrumental(self, rng: np.random.Generator) -> Excerpt:
        return self._excerpt(rng, self._plan.corpora.instrumentals, "instrumental")

    def _excerpt(self, rng: np.random.Generator, corpora: dict[str, float], kind: str) -> Excerpt:
        """Part of a random recording of `kind`, with effects; of a song, of its stem of that kind."""
        recording = self._choose(corpora, (kind,) if kind == "speech" else (kind, "song"), rng)
        array = self._load(recording)[1 if kind == "instrumental" and recording.kind == "song" else 0]
        speed = draw_speed(rng, 0.8, 1.25)
        needed = int(SAMPLES * speed) + 8
        for _ in range(4):
            audio = cut(array, int(rng.integers(max(1, len(array) - needed))), needed)
            if rms(audio) > 10 * SILENT:
                break
        audio = effects.pan(effects.change_speed(audio, speed, SAMPLES), rng)
        if rng.random() < 0.15:
            audio = effects.distort(audio, rng)
        if kind != "instrumental" and rng.random() < 0.2:
            audio = effects.echo(audio, rng)
        if kind != "instrumental" and rng.random() < (0.6 if recording.corpus.startswith(DRY) else 0.1):
            audio = effects.reverberate(audio, rng)
        return Excerpt(audio, recording.limit * speed if recording.limit < FULL_BAND else FULL_BAND)

    def _choose(self, corpora: dict[str, float], kinds: tuple[str, ...], rng: np.random.Generator) -> Recording:
        """A random recording of a random corpus, of one of the `kinds`."""
        corpus = choose(corpora, rng)
        found = [recording for kind in kinds for recording in self._by_corpus.get((corpus, kind), ())]
        return found[int(rng.integers(len(found)))]

    def _load(self, recording: Recording) -> list[np.ndarray]:
        if recording.name not in self._arrays:
            self._arrays[recording.name] = recording.load(self._audio)
        return self._arrays[recording.name]


def remix(
    rng: np.random.Generator,
    vocals: Excerpt | None,
    instrumental: Excerpt | None,
    balance: tuple[float, float] = (-5, 4.5),
) -> Example | None:
    """Vocals and an instrumental, each with an equalization of its own, added; either may be missing.

    `balance` is the mean and the standard deviation in dB of the vocals' level over the instrumental's.
    """
    spectra = []
    for excerpt in (vocals, instrumental):
        spectrum = np.zeros((2, BINS, FRAMES), np.complex64)
        if excerpt:
            spectrum = spectrum_of(excerpt.audio) * effects.draw_equalization(BINS, rng)
        energy = float(np.mean(np.abs(spectrum) ** 2))
        if excerpt and energy < SILENT**2:
            return None
        spectra.append(spectrum / np.float32(np.sqrt(energy) + 1e-12))
    target = spectra[0] * np.float32(10 ** (np.clip(rng.normal(*balance), -18, 8) / 20))
    return Example(target + spectra[1], target, bins_below(vocals.limit if vocals else FULL_BAND))


def limit_channel(example: Example, rng: np.random.Generator, karaoke: bool) -> Example:
    """Now and then in mono, and now and then low-passed at 5 to 9 kHz; karaoke always both."""
    mixture, vocals, bins = example.mixture, example.vocals, example.bins
    share = 1.0 if karaoke else CHANNEL_SHARE
    if rng.random() < share:
        mono = [np.repeat(each.mean(axis=0, keepdims=True), 2, axis=0) for each in (mixture, vocals)]
        if np.abs(mono[0]).mean() > 0.2 * np.abs(mixture).mean():  # else its channels cancel
            mixture, vocals = mono
    if rng.random() < share:
        end = bins_below(rng.uniform(5000, 9000))
        gains = np.clip((end + 10 - np.arange(BINS)) / 20, 0, 1)[:, None].astype(np.float32)
        mixture, vocals, bins = mixture * gains, vocals * gains, min(bins, end)
    return Example(mixture, vocals, bins)


def spectrum_of(audio: np.ndarray) -> np.ndarray:
    """(2, BINS, FRAMES) complex64 of `audio` (SAMPLES, 2); frame t begins at sample t * HOP."""
    frames = np.lib.stride_tricks.sliding_window_view(np.ascontiguousarray(audio.T), WINDOW, axis=-1)[:, ::HOP]
    return fft_library().rfft(frames * HANN, axis=-1)[..., :BINS].transpose(0, 2, 1)


def rms(audio: np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))


def choose(weights: dict[str, float], rng: np.random.Generator) -> str:
    """A random key, with a probability in proportion to its weight."""
    values = np.array(list(weights.values()))
    return list(weights)[int(rng.choice(len(values), p=values / values.sum()))]


def cut(array: np.ndarray, start: int, samples: int) -> np.ndarray:
    """Samples of a recording as float32 (samples, channels), mono stays mono; zeros behind its end."""
    audio = array[start : start + samples].astype(np.float32) / 32768
    return np.pad(audio, ((0, samples - len(audio)), (0, 0)))


def draw_speed(rng: np.random.Generator, slowest: float, fastest: float) -> float:
    """1, half the time."""
    return float(rng.uniform(slowest, fastest)) if rng.random() < 0.5 else 1.0


def bins_below(frequency: float) -> int:
    """How many of the lowest bins lie below `frequency` in Hz."""
    return min(BINS, int(frequency * WINDOW / RATE))
