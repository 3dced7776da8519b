"""`acapella models`: what comes with the package."""

import typer


def models() -> None:
    """List the bundled models, with size and scores.

    Example:

    \b
      acapella models
      acapella song.mp3 --model default
    """
    from acapella.isolation.predictor import OnnxPredictor
    from acapella.models.model_file import bundled_models

    for name, path in bundled_models().items():
        card = OnnxPredictor(path).card
        size = path.stat().st_size / 1e6
        typer.echo(f"{name}: {card.network}, {card.codec.representation}, {card.codec.sample_rate} Hz, {size:.1f} MB")
        for key, value in card.training.get("scores", {}).items():
            typer.echo(f"  {key}: {value}")
        typer.echo(f"  licence: {card.licence}")
        typer.echo(f"  file: {path}")
