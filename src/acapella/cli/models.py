"""`acapella models`: what comes with the package."""

import typer


def models() -> None:
    """List the bundled models, with size and scores.

    Example:

    \b
      acapella models
      acapella song.mp3 --model default
    """
    from acapella.isolation.model import open_model
    from acapella.models.model_file import bundled_models

    for name, path in bundled_models().items():
        description = open_model(path).description
        front_end, size = description.front_end, path.stat().st_size / 1e6
        kind = getattr(front_end, "representation", front_end.kind)
        typer.echo(f"{name}: {description.origin.family}, {kind}, {front_end.sample_rate} Hz, {size:.1f} MB")
        for key, value in description.training.get("scores", {}).items():
            typer.echo(f"  {key}: {value}")
        typer.echo(f"  licence: {description.origin.licence}")
        typer.echo(f"  file: {path}")
