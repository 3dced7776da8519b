"""Signal processing on arrays: pure numpy, no files, no settings.

Audio is (channels, samples) float32 in [-1, 1]; a spectrum is (channels, bins, frames) complex64; a network's
tensor is (tensor channels, bins, frames) float32.
"""
