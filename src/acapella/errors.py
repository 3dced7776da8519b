"""Everything that Acapella raises on purpose, drawn as a tree.

    AcapellaError
    ├── UsageError            wrong command line, option or combination        exit code 2
    │   ├── SettingsError         a variable has a value that is not allowed
    │   └── MissingExtraError     the command needs packages that are not installed
    └── InputError            a file or folder cannot be used                  exit code 1
        ├── AudioFileError        cannot be read, decoded or written
        ├── CorpusError           no usable tracks, or a track that does not fit
        └── ModelFileError        not a model of ours, or of a version we do not know

A message is one sentence that names the thing and the remedy: the command line prints it as it is.
"""


class AcapellaError(Exception):
    """Base of all errors whose message is meant for the person at the keyboard."""

    exit_code = 1


class UsageError(AcapellaError):
    """The request itself is wrong, before any work is done."""

    exit_code = 2


class SettingsError(UsageError):
    """A variable holds a value that is not allowed."""


class MissingExtraError(UsageError):
    """An optional dependency is needed and not installed."""

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(f"{purpose} needs packages that are not installed: pip install '.[{extra}]' in the checkout.")


class InputError(AcapellaError):
    """A file or folder that was named cannot be used."""


class AudioFileError(InputError):
    """An audio file cannot be read, decoded or written."""


class CorpusError(InputError):
    """A training corpus, or a track in it, cannot be used."""


class ModelFileError(InputError):
    """A model or weight file cannot be used."""
