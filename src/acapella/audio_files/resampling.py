"""Change the sample rate of audio, as a stream or in one piece.

The work is libsoxr's, at its "very high quality" (28 bit; a third slower than 20 bit, and still a thousand
times faster than real time). It has linear phase and takes its own delay away: sample `t` of the input and sample
`t * to_rate / from_rate` of the output are the same moment.
"""

import numpy as np
import soxr

QUALITY = "VHQ"


def resampled_length(samples: int, from_rate: int, to_rate: int) -> int:
    """How many samples `samples` become: `samples * to_rate / from_rate`, rounded up.

    So no sound becomes nothing, and there and back again gives at least as many samples as before.
    """
    return -(-samples * to_rate // from_rate)


class Resampler:
    """Resamples audio that arrives in blocks of any length; where the rates are equal, it hands it through."""

    def __init__(self, from_rate: int, to_rate: int, channels: int) -> None:
        self._rates = (from_rate, to_rate)
        self._channels = channels
        self._taken = 0  # samples
        self._given = 0  # samples
        self._stream = (
            None if from_rate == to_rate else soxr.ResampleStream(from_rate, to_rate, channels, quality=QUALITY)
        )

    def push(self, block: np.ndarray) -> np.ndarray:
        """Take `block` (samples, channels) at `from_rate`; return what is complete at `to_rate`, in float32."""
        self._taken += len(block)
        return self._run(block, last=False)

    def finish(self) -> np.ndarray:
        """The rest (samples, channels), so that `resampled_length` samples were given in all."""
        missing = resampled_length(self._taken, *self._rates) - self._given
        from_rate, to_rate = self._rates
        silence = np.zeros((from_rate // to_rate + 1, self._channels), np.float32)  # soxr alone would round down
        return self._run(silence, last=True)[:missing] if self._stream else silence[:0]

    def _run(self, block: np.ndarray, last: bool) -> np.ndarray:
        audio = np.ascontiguousarray(block, np.float32)
        if self._stream:
            audio = self._stream.resample_chunk(audio, last=last)
        self._given += len(audio)
        return audio


def resample(audio: np.ndarray, from_rate: int, to_rate: int) -> np.ndarray:
    """All of `audio` (samples, channels) at another rate, in float32, `resampled_length` samples long."""
    resampler = Resampler(from_rate, to_rate, audio.shape[1])
    return np.concatenate([resampler.push(audio), resampler.finish()])


def stretch(audio: np.ndarray, samples: int) -> np.ndarray:
    """`audio` (channels, samples) as if played faster or slower, so that it has `samples` samples; in float32."""
    stretched = soxr.resample(np.ascontiguousarray(audio.T, np.float32), audio.shape[-1], samples, quality=QUALITY).T
    missing = max(0, samples - stretched.shape[-1])
    return np.pad(stretched[:, :samples], ((0, 0), (0, missing)))
