"""Scores of weights, model files and Spleeter on songs, music without vocals, MIR-1K, and speech, in dB.

    python benchmarks/default_model/measure.py WORK SYSTEM... [-o SCORES.json] [--folds 0 1] [--leak 50] [--mir1k 60]

WORK is the folder that reproduce.py fills. A SYSTEM is a file of the network's weights (.hdf5, .safetensors), a model
file (.onnx), the name of a bundled model, or `spleeter`. Measured are uSDR and SDR of both stems on the excerpts of
MUSDB18 in --folds (default: all), and uSDR of the vocals' part above 10.3 kHz, which the network does not see; the
level of the vocals found in music without vocals, relative to it, on 20 s of each piece (--leak); NSDR on clips of
MIR-1K (--mir1k); and uSDR of words over accompaniments at their level (--speech).
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from recordings import FOLDS, RATE, Recording, read_catalogue
from weights import load_network

from acapella import Isolator
from acapella.audio_files.resampling import resample
from acapella.metrics import usdr
from acapella.models.front_ends import SpectralFrontEnd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from behaviour import level, measure_speech
from mir1k import Isolate, sdr
from spleeter import Spleeter

Scores = dict[str, dict[str, float]]  # by recording, then by metric
FRONT_END = SpectralFrontEnd(
    sample_rate=RATE, channels=2, window_length=4096, bins=960, representation="amplitude", normalizer="dummy"
)
LEAK_SECONDS = 20
UNSEEN = 10300.0  # Hz
MIR1K_RATE = 16000  # Hz, of MIR-1K as published: it is scored there
WEIGHTS = (".hdf5", ".safetensors")


class TrainedNetwork:
    """Isolates with the network as it is trained, without a model file."""

    def __init__(self, path: Path) -> None:
        self._network = load_network(path).eval()

    def isolate(self, audio: np.ndarray, _: int) -> dict[str, np.ndarray]:
        """Stems of `audio` (samples, 1 or 2 channels) at 44.1 kHz."""
        stereo = np.repeat(audio.T, 2 // audio.shape[1], axis=0).astype(np.float32)
        mixture = FRONT_END.stft.forward(stereo)
        with torch.inference_mode():
            estimate = self._network(torch.from_numpy(FRONT_END.encode(mixture)[None])).numpy()[0]
        vocal = FRONT_END.stft.inverse(FRONT_END.decode(estimate, mixture), len(audio)).T
        vocal = vocal.mean(axis=1, keepdims=True) if audio.shape[1] == 1 else vocal
        return {"vocal": vocal, "instrumental": audio - vocal}


def choose_isolate(system: str, work: Path) -> Isolate:
    """What separates, by its name on the command line."""
    if system == "spleeter":
        return Spleeter(work / "weights").isolate
    if system.endswith(WEIGHTS):
        return TrainedNetwork(Path(system)).isolate
    return Isolator.load(system).isolate


def load_stems(recording: Recording, folder: Path) -> list[np.ndarray]:
    """Its files as float32 (samples, channels)."""
    return [array.astype(np.float32) / 32768 for array in recording.load(folder)]


def score_song(isolate: Isolate, recording: Recording, folder: Path) -> dict[str, float]:
    """uSDR and SDR of both stems, and uSDR of what is high in the vocals."""
    vocals, instrumental = load_stems(recording, folder)
    stems = isolate(vocals + instrumental, RATE)
    return {
        "vocal uSDR": usdr(vocals, stems["vocal"]),
        "instrumental uSDR": usdr(instrumental, stems["instrumental"]),
        "vocal SDR": windowed_sdr(vocals, stems["vocal"]),
        "instrumental SDR": windowed_sdr(instrumental, stems["instrumental"]),
        "high vocal uSDR": usdr(above(vocals, UNSEEN), above(stems["vocal"], UNSEEN)),
    }


def above(audio: np.ndarray, frequency: float) -> np.ndarray:
    """`audio` (samples, channels) without what lies below `frequency` in Hz."""
    spectrum = np.fft.rfft(audio, axis=0)
    spectrum[: int(frequency * len(audio) / RATE)] = 0
    return np.fft.irfft(spectrum, len(audio), axis=0)


def windowed_sdr(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Median over windows of 1 s of the SDR of BSS Eval v4, both (samples, channels), in dB.

    Its three errors add up to the difference of estimate and reference, so the distortion filters that tell them apart
    are not needed: museval gives the same SDR. Windows in which either is silent do not count.
    """
    windows = len(reference) // RATE
    cut = [each[: windows * RATE].reshape(windows, -1).astype(np.float64) for each in (reference, estimate)]
    energy, error = np.sum(cut[0] ** 2, axis=1), np.sum((cut[0] - cut[1]) ** 2, axis=1)
    valid = (energy > 0) & np.any(cut[1], axis=1)
    return float(np.median(10 * np.log10(energy[valid] / error[valid]))) if valid.any() else float("nan")


def score_clip(isolate: Isolate, recording: Recording, folder: Path) -> dict[str, float]:
    """NSDR of both stems of a clip of MIR-1K, and its length in samples."""
    voice, accompaniment = (stem[:, 0] for stem in load_stems(recording, folder))
    mixture = voice + accompaniment
    stems = isolate(mixture[:, None], RATE)
    signals = [voice, accompaniment, stems["vocal"][:, 0], stems["instrumental"][:, 0], mixture, mixture]
    resampled = resample(np.stack(signals, axis=1).astype(np.float32), RATE, MIR1K_RATE).T
    nsdr = sdr(resampled[:2], resampled[2:4]) - sdr(resampled[:2], resampled[4:])
    return {"voice NSDR": float(nsdr[0]), "accompaniment NSDR": float(nsdr[1]), "length": len(voice)}


def score_leak(isolate: Isolate, recording: Recording, folder: Path) -> dict[str, float]:
    """Level of the vocals found in music that has none, relative to it."""
    (music,) = load_stems(recording, folder)
    start = max(0, (len(music) - LEAK_SECONDS * RATE) // 2)
    music = music[start : start + LEAK_SECONDS * RATE]
    return {"leak": level(isolate(music, RATE)["vocal"]) - level(music)}


def score_speech(isolate: Isolate, songs: list[Recording], folder: Path, words: Path) -> Scores:
    """uSDR of words over the accompaniments of `songs`, at their level, with one speaker after the other."""
    speakers = sorted({path.parent for suffix in ("ogg", "wav") for path in words.glob(f"*/*.{suffix}")})
    scores: Scores = {}
    for number, recording in enumerate(songs):
        _, instrumental = load_stems(recording, folder)
        for _, value in measure_speech(isolate, speakers[number % len(speakers)], instrumental, RATE):
            scores[recording.name] = {"speech uSDR": value}
    return scores


def spread(recordings: list[Recording], count: int) -> list[Recording]:
    """`count` of the `recordings`, evenly from first to last."""
    numbers = np.linspace(0, len(recordings) - 1, min(count, len(recordings))).round().astype(int)
    return [recordings[number] for number in numbers]


def measure(isolate: Isolate, given: argparse.Namespace) -> dict[str, Scores]:
    """All that the command line asks for, by kind."""
    audio: Path = given.work / "audio"
    catalogue = read_catalogue(audio)
    songs = [each for each in catalogue if each.corpus == "musdb" and each.fold in given.folds]
    clips = [each for each in catalogue if each.corpus == "mir1k" and each.fold in given.folds]
    instrumentals = [each for each in catalogue if each.held_out]

    def score(function: Callable[..., dict[str, float]], recordings: list[Recording]) -> Scores:
        return {recording.name: function(isolate, recording, audio) for recording in recordings}

    found = {
        "songs": score(score_song, [] if given.no_songs else songs),
        "leak": score(score_leak, spread(instrumentals, given.leak)),
        "mir1k": score(score_clip, spread(clips, given.mir1k)),
        "speech": score_speech(isolate, songs, audio, given.speech) if given.speech else {},
    }
    return {kind: scores for kind, scores in found.items() if scores}


def summary(found: dict[str, Scores]) -> str:
    """uSDR of songs: means; NSDR: means weighted by length (GNSDR); others: medians; in brackets the recordings."""
    cells = []
    for kind, scores in found.items():
        for metric in next(iter(scores.values())):
            values = np.array([score[metric] for score in scores.values()])
            if metric == "length":
                continue
            if kind == "mir1k":
                value = np.average(values, weights=[score["length"] for score in scores.values()])
            else:
                value = np.nanmean(values) if kind == "songs" and metric.endswith("uSDR") else np.nanmedian(values)
            cells.append(f"{metric} {value:.3f} ({len(values)})")
    return "   ".join(cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("systems", nargs="+")
    parser.add_argument("-o", "--output", type=Path, help="scores by system, kind and recording; other ones are kept")
    parser.add_argument("--folds", type=int, nargs="+", default=list(range(FOLDS)))
    parser.add_argument("--no-songs", action="store_true", help="without the excerpts of MUSDB18")
    parser.add_argument("--leak", type=int, default=0, help="pieces of music without vocals")
    parser.add_argument("--mir1k", type=int, default=0, help="clips of MIR-1K")
    parser.add_argument("--speech", type=Path, help="folder of folders with spoken words, one per speaker")
    given = parser.parse_args()
    torch.set_num_threads(1)
    scores = json.loads(given.output.read_text()) if given.output and given.output.exists() else {}
    for system in given.systems:
        found = measure(choose_isolate(system, given.work), given)
        scores.setdefault(system, {}).update(found)
        print(f"{system}: {summary(found)}", flush=True)
        if given.output:
            given.output.write_text(json.dumps(scores, indent=1))


if __name__ == "__main__":
    main()
