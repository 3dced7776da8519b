"""Help that lists many options in groups."""

from typing import Any

from typer.core import TyperCommand


class GroupedCommand(TyperCommand):
    """A command whose help has a section for each `rich_help_panel` among its options, after those without one.

    Typer itself makes such sections with rich only, whose import takes longer than the rest of the help.
    """

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write what the help says of arguments and options."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            title = "Arguments" if parameter.param_type_name == "argument" else "Options"
            if record := parameter.get_help_record(ctx):
                sections.setdefault(getattr(parameter, "rich_help_panel", None) or title, []).append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)
