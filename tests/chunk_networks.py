"""Small sizes of the networks that take chunks, for a sample rate of 8 kHz and windows of 128 samples."""

SMALL = {
    "mel_band_roformer": "{'features': 16, 'depth': 1, 'heads': 2, 'head_features': 8, 'mask_layers': 2, "
    "'mask_hidden': 32, 'bands': 8}",
    "bs_roformer": "{'features': 8, 'depth': 1, 'heads': 2, 'head_features': 4, 'mask_hidden': 8, "
    "'widths': (8, 8, 16, 33)}",
    "htdemucs": "{'channels': 8, 'depth': 2, 'bottom_channels': 16, 'layers': 1, 'heads': 2}",
    "mdx23c": "{'subbands': 2, 'width': 4, 'growth': 2, 'depth': 1, 'blocks': 1}",
    "scnet": "{'widths': (4, 8), 'dual_layers': 2}",
}
AUDIO = {"FFT": "128", "SAMPLE_RATE": "8000", "CHOPPARAMS": "{'scale': 16}"}


def small(model: str) -> dict[str, str]:
    """Options of a small `model`."""
    return {**AUDIO, "MODEL": model, "MODEL_PARAMS": SMALL[model]}
