"""The stream from a mixture to its stems: resample, STFT, network, inverse STFT, resample back."""

from collections.abc import Iterable, Iterator

import numpy as np

from acapella.isolation.channels import from_network_channels, to_network_channels
from acapella.isolation.delay import Delay
from acapella.isolation.predictor import Predictor
from acapella.resampling import Resampler, resample, resampled_length
from acapella.signal.normalizers import Normalization
from acapella.signal.overlap import split
from acapella.signal.phase import griffin_lim
from acapella.signal.stft import Synthesis

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
        self._block = card.block(block_frames)
        self._context = card.context

    def measure(self, pieces: Pieces) -> Normalization:
        """The normalization of the mixture: a pass over all of it, where the codec needs one."""
        return self._codec.measure(self._to_network(pieces))

    def run(self, pieces: Pieces, normalization: Normalization) -> Stems:
        """Target with the network's or the mixture's phase, and the rest of the mixture, block by block."""
        delay = Delay(self._channels)
        back = Resampler(self._codec.sample_rate, self._rate, self._channels)
        synthesis: Synthesis | None = None
        for mixture, tensor in self._predict(delay.tap(pieces), normalization):
            spectrum = _flat(self._codec.decode(tensor, mixture, normalization))
            synthesis = synthesis or Synthesis(self._codec.stft, len(spectrum))
            target = back.push(self._from_network(synthesis.push(spectrum)))
            yield _target_and_rest(target, delay.take(len(target)))
        if synthesis:
            audio = synthesis.finish(resampled_length(delay.total, self._rate, self._codec.sample_rate))
            target = np.concatenate([back.push(self._from_network(audio)), back.finish()])
            yield _target_and_rest(target, delay.take(delay.waiting))

    def run_with_iterative_phase(self, pieces: Pieces, normalization: Normalization, iterations: int) -> Stems:
        """Both stems with a phase reconstructed from amplitudes; all at once, and their sum is not the mixture."""
        delay = Delay(self._channels)
        blocks = list(self._predict(delay.tap(pieces), normalization))
        if not blocks:
            return
        mixture = _flat(np.concatenate([np.abs(mixture) for mixture, _ in blocks], axis=-1))
        amplitudes = [self._codec.decode_amplitude(tensor, normalization) for _, tensor in blocks]
        target = _flat(np.concatenate(amplitudes, axis=-1))
        samples = resampled_length(delay.total, self._rate, self._codec.sample_rate)
        stems = []
        for amplitude in (target, np.maximum(mixture - target, 0)):
            audio = griffin_lim(amplitude, self._codec.stft, samples, iterations)
            stem = resample(self._from_network(audio), self._codec.sample_rate, self._rate)
            stems.append(_fit(stem, delay.total))
        yield stems[0], stems[1]

    def _predict(self, pieces: Pieces, normalization: Normalization) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Spectra of the mixture and the tensors predicted for them, (batch, channels, bins, frames) each."""
        spectra = self._codec.stft.stream(self._to_network(pieces))
        for block in split(spectra, self._block, self._context):
            mixture = self._codec.batched(block.frames)
            tensor = self._codec.encode(mixture, normalization)
            predicted = [self._predictor.predict(item[None]) for item in tensor]  # one by one: less memory
            yield block.trim(mixture), block.trim(np.concatenate(predicted))

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
