"""The stream from a mixture to its stems: resample, STFT, network, inverse STFT, resample back."""

from collections.abc import Iterable, Iterator
from contextlib import closing

import numpy as np

from acapella.audio_files.resampling import Resampler, resample, resampled_length
from acapella.dsp.normalizers import Normalization
from acapella.dsp.phase import griffin_lim
from acapella.dsp.stft import Synthesis
from acapella.isolation.channels import from_network_channels, to_network_channels
from acapella.isolation.frame_queue import FrameQueue
from acapella.isolation.predictor import Predictor, Tensors
from acapella.isolation.prefetch import prefetch

Pieces = Iterable[np.ndarray]  # audio (samples, channels) float32, piece after piece
Stems = Iterator[tuple[np.ndarray, np.ndarray]]  # target and rest, pieces of equal length, as above


class Separation:
    """Runs `predictor` over audio of one sample rate and number of channels (1 to 8), `block_frames` at a time."""

    def __init__(self, predictor: Predictor, sample_rate: int, channels: int, block_frames: int | None = None) -> None:
        card = predictor.card
        self._predictor = predictor
        self._codec = card.codec
        self._rate = sample_rate
        self._channels = channels
        self._block_frames = block_frames

    def measure(self, pieces: Pieces) -> Normalization:
        """The normalization of the mixture: a pass over all of it, where the codec needs one."""
        return self._codec.measure(self._to_network(pieces))

    def run(self, pieces: Pieces, normalization: Normalization) -> Stems:
        """Target with the network's or the mixture's phase, and the rest of the mixture, block by block.

        Reading and transforming, the network, and what follows work at the same time, a thread each.
        """
        audio, spectra = FrameQueue(axis=0), FrameQueue(axis=-1)
        back = Resampler(self._codec.sample_rate, self._rate, self._channels)
        synthesis: Synthesis | None = None
        with closing(prefetch(self._predict(audio.tap(pieces), spectra, normalization))) as tensors:
            for tensor in tensors:
                mixture = spectra.take(tensor.shape[-1])
                spectrum = _flat(self._codec.decode(tensor, mixture, normalization))
                synthesis = synthesis or Synthesis(self._codec.stft, len(spectrum))
                target = back.push(self._from_network(synthesis.push(spectrum)))
                yield _target_and_rest(target, audio.take(len(target)))
        if synthesis:
            last = synthesis.finish(resampled_length(audio.total, self._rate, self._codec.sample_rate))
            target = np.concatenate([back.push(self._from_network(last)), back.finish()])
            yield _target_and_rest(target, audio.take(audio.waiting))

    def run_with_iterative_phase(self, pieces: Pieces, normalization: Normalization, iterations: int) -> Stems:
        """Both stems with a phase reconstructed from amplitudes; all at once, and their sum is not the mixture."""
        audio, spectra = FrameQueue(axis=0), FrameQueue(axis=-1)
        tensors = list(self._predict(audio.tap(pieces), spectra, normalization))
        if not tensors:
            return
        mixture = _flat(np.abs(spectra.take(spectra.waiting)))
        amplitudes = [self._codec.decode_amplitude(tensor, normalization) for tensor in tensors]
        target = _flat(np.concatenate(amplitudes, axis=-1))
        samples = resampled_length(audio.total, self._rate, self._codec.sample_rate)
        stems = []
        for amplitude in (target, np.maximum(mixture - target, 0)):
            waves = griffin_lim(amplitude, self._codec.stft, samples, iterations)
            stem = resample(self._from_network(waves), self._codec.sample_rate, self._rate)
            stems.append(_fit(stem, audio.total))
        yield stems[0], stems[1]

    def _predict(self, pieces: Pieces, spectra: FrameQueue, normalization: Normalization) -> Tensors:
        """The network's tensors (batch, tensor channels, bins, frames); `spectra` keeps the mixture's spectra."""
        with closing(prefetch(self._encode(pieces, spectra, normalization))) as mixtures:
            yield from self._predictor.stream(mixtures, self._block_frames)

    def _encode(self, pieces: Pieces, spectra: FrameQueue, normalization: Normalization) -> Tensors:
        """The mixture's tensors, of the shape of the network's; `spectra` keeps its spectra."""
        spectrum = (self._codec.batched(flat) for flat in self._codec.stft.stream(self._to_network(pieces)))
        for mixture in spectra.tap(spectrum):
            yield self._codec.encode(mixture, normalization)

    def _to_network(self, pieces: Pieces) -> Iterator[np.ndarray]:
        """Audio as the network takes it: (batch * network channels, samples) at the network's rate."""
        resampler = Resampler(self._rate, self._codec.sample_rate, self._channels)
        for piece in pieces:
            yield to_network_channels(resampler.push(piece), self._codec.channels)
        yield to_network_channels(resampler.finish(), self._codec.channels)

    def _from_network(self, audio: np.ndarray) -> np.ndarray:
        return from_network_channels(audio, self._channels, self._codec.channels)


def _flat(spectrum: np.ndarray) -> np.ndarray:
    """(batch, channels, bins, frames) as (batch * channels, bins, frames)."""
    return spectrum.reshape(-1, *spectrum.shape[-2:])


def _target_and_rest(target: np.ndarray, mixture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    target = _fit(target, len(mixture))
    return target, mixture - target


def _fit(audio: np.ndarray, samples: int) -> np.ndarray:
    """Cut or pad (samples, channels) to a length: resampling there and back may differ by a sample."""
    return np.pad(audio[:samples], ((0, max(0, samples - len(audio))), (0, 0)))
