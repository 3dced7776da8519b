"""What a model does with songs as they are: without vocals, a cappella, mono, quiet, loud, spoken, and above 11 kHz.

    pip install -e '.[train,analysis]'
    acapella prepare stems musdb7s/train corpus
    python benchmarks/behaviour.py corpus --env envs/bundled

    python benchmarks/behaviour.py corpus --tracks Lushlife    # rap
    apt-get download ktuberling-data && dpkg-deb -x ktuberling-data_*.deb words    # spoken words in 27 languages
    python benchmarks/behaviour.py corpus --env envs/bundled --speech words/usr/share/ktuberling/sounds

Only the tracks that VALIDATION_TRACKS of --env names are taken, or those of --tracks; without either, all. --spleeter
takes Spleeter instead of a model (benchmarks/spleeter.py). All figures are medians over the tracks, in dB:

no vocals     level of the vocals made of the accompaniment alone, relative to it (lower is better)
a cappella    level of the instrumental made of the vocals alone, relative to them (lower is better)
mono          uSDR of the vocals of the song in mono, against those of the stereo song in mono (higher is better)
quiet         difference of the vocals of the song at -30 dB, raised again, from those of the song (lower is better)
loud          uSDR of the vocals where the song is 6 dB louder and clipped; "as it is" without that (higher is better)
speech        uSDR of words, one after the other, by one speaker, over the accompaniment, at its level (the song: 0)
above 11 kHz  level of the vocals found above 11 kHz, relative to the true ones there (0 is right)
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.signal import butter, sosfilt

from acapella.audio_files import read_audio
from acapella.audio_files.resampling import resample
from acapella.corpus.tracks import find_tracks
from acapella.metrics import usdr
from acapella.settings import Settings
from mir1k import Isolate, choose_isolate


def level(audio: np.ndarray) -> float:
    """In dB."""
    return 10 * float(np.log10(np.mean(np.square(audio, dtype=np.float64)) + 1e-20))


def above(audio: np.ndarray, frequency: float, sample_rate: int) -> np.ndarray:
    """What of `audio` (samples, channels) lies above `frequency` in Hz."""
    return sosfilt(butter(8, frequency, "high", fs=sample_rate, output="sos"), audio, axis=0)


def measure(isolate: Isolate, vocal: np.ndarray, rest: np.ndarray, rate: int) -> Iterator[tuple[str, float]]:
    """Each figure of a track, by name."""
    song = vocal + rest
    stems = isolate(song, rate)
    if level(rest) > -60:
        yield "no vocals", level(isolate(rest, rate)["vocal"]) - level(rest)
    if level(vocal) > -60:
        yield "a cappella", level(isolate(vocal, rate)["instrumental"]) - level(vocal)
        mono = isolate(song.mean(axis=1, keepdims=True), rate)["vocal"]
        yield "mono", usdr(stems["vocal"].mean(axis=1, keepdims=True), mono)
        yield "as it is", usdr(vocal, stems["vocal"])
        clipped = np.clip(2 * song, -1, 1)
        yield "loud", usdr(2 * vocal, isolate(clipped, rate)["vocal"])
        top = above(vocal, 11_000, rate)
        if level(top) > -80:
            yield "above 11 kHz", level(above(stems["vocal"], 11_000, rate)) - level(top)
    gain = np.float32(10 ** (-30 / 20))
    quiet = isolate(song * gain, rate)["vocal"] / gain
    yield "quiet", level(quiet - stems["vocal"]) - level(stems["vocal"])


def speak(folder: Path, samples: int, rate: int) -> np.ndarray:
    """The words in `folder`, one after the other, (samples, 1)."""
    words: list[np.ndarray] = []
    for path in sorted(path for path in folder.iterdir() if path.suffix in (".ogg", ".wav")):
        word, its_rate = read_audio(path)
        words.append(resample(word.mean(axis=1, keepdims=True), its_rate, rate))
        if sum(map(len, words)) >= samples:
            break
    speech = np.concatenate(words)[:samples]
    return np.pad(speech, ((0, samples - len(speech)), (0, 0)))


def measure_speech(isolate: Isolate, speaker: Path, rest: np.ndarray, rate: int) -> Iterator[tuple[str, float]]:
    """Speech over the accompaniment."""
    if level(rest) > -60:
        speech = speak(speaker, len(rest), rate)
        speech = np.repeat(speech, rest.shape[1], axis=1) * 10 ** ((level(rest) - level(speech)) / 20)
        yield "speech", usdr(speech, isolate((speech + rest).astype(np.float32), rate)["vocal"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--model", help="a model file or a bundled model's name (default: the default model)")
    parser.add_argument("--spleeter", type=Path, help="folder with Spleeter's weights")
    parser.add_argument("--env", type=Path, help="take only the tracks that its VALIDATION_TRACKS names")
    parser.add_argument("--tracks", nargs="+", help="take only the tracks with one of these in their names")
    parser.add_argument("--speech", type=Path, help="folder of folders with spoken words, one a speaker")
    given = parser.parse_args()
    tracks, _ = find_tracks(given.corpus)
    names = given.tracks or (Settings.read(given.env).validation_tracks if given.env else [""])
    tracks = [track for track in tracks if any(name in track.name for name in names)]
    speakers = sorted(path for path in given.speech.iterdir() if path.is_dir()) if given.speech else []
    isolate = choose_isolate(given.model, given.spleeter)
    found: dict[str, list[float]] = {}
    for number, track in enumerate(tracks):
        vocal, rate = read_audio(track.files["vocal"])
        rest, _ = read_audio(track.files["instrumental"])
        figures = list(measure(isolate, vocal, rest, rate))
        if speakers:
            figures += measure_speech(isolate, speakers[number % len(speakers)], rest, rate)
        for name, value in figures:
            found.setdefault(name, []).append(value)
    for name, values in found.items():
        print(f"{name:13} {np.median(values):7.2f} dB   ({min(values):.1f} to {max(values):.1f}, {len(values)} tracks)")


if __name__ == "__main__":
    main()
