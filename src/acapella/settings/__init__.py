"""Every option of training and analysis: typed, from the environment, a file or keyword arguments; never global."""

from acapella.settings.options import OriginalOptions, Settings, options_table

__all__ = ["OriginalOptions", "Settings", "options_table"]
