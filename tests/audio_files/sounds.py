"""Made audio, written and compared."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from acapella.audio_files import (
    AudioWriter,
)

STEMS = Path(__file__).parents[3] / "shared/data/musdb7s/stem_mp4"
RATE = 48000  # every format holds it
TAGS = {"title": "Füße", "artist": "声"}


def music(samples: int, channels: int = 2, seed: int = 0) -> np.ndarray:
    """Three tones a channel, all different, well below full scale."""
    random = np.random.default_rng(seed)
    time = np.arange(samples)[:, None, None] / RATE
    frequencies = random.uniform(200, 3000, (channels, 3))
    return (0.2 * np.sin(2 * np.pi * frequencies * time).sum(axis=-1)).astype(np.float32)


def write(path: Path, audio: np.ndarray, rate: int = RATE, **options: object) -> AudioWriter:
    """Write all of `audio`, in a format that the name tells, in blocks of 10000 samples."""
    options.setdefault("format", path.suffix[1:])
    with AudioWriter(path, rate, audio.shape[1], **options) as writer:  # type: ignore[arg-type]
        for start in range(0, len(audio), 10000):
            writer.write(audio[start : start + 10000])
    return writer


def encode(path: Path, codec: str, *tracks: np.ndarray, layout: str = "stereo", **options: str) -> None:
    """Write `tracks` as audio streams of one container with FFmpeg."""
    with av.open(str(path), "w", options=options) as container:
        container.metadata.update(TAGS)
        streams = [container.add_stream(codec, rate=RATE, layout=layout) for _ in tracks]
        for stream, audio in zip(streams, tracks, strict=True):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(audio.reshape(1, -1)), "flt", layout)
            frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), 0
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))


def distance(result: np.ndarray, expected: np.ndarray) -> float:
    """Signal to noise ratio in dB over their common length."""
    length = min(len(result), len(expected))
    noise = result[:length] - expected[:length]
    return float(10 * np.log10(np.sum(expected[:length] ** 2) / np.sum(noise**2)))
