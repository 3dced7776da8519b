"""Before a training: its corpus found, split and brought into the cache."""

from acapella.conversion.torch_model import TorchModel
from acapella.corpus.cache import Cache, cache_folder
from acapella.corpus.examples import Examples
from acapella.corpus.tracks import STEMS, Split, Track, find_tracks, split_tracks
from acapella.errors import CorpusError, InputError, SettingsError, sentence
from acapella.models.description import ModelDescription
from acapella.models.schedules import Chunks
from acapella.settings import Settings
from acapella.training.domains import choose_domain
from acapella.training.events import Note, Preparing, TrainingListener
from acapella.training.loop import make_module
from acapella.training.module import Isolation
from acapella.training.track_sdr import TrackSDR, open_references


def prepare(model: TorchModel, settings: Settings, listen: TrainingListener) -> Isolation:
    """The model with the corpus, ready for training."""
    if settings.fine_tune:
        listen(Note(_what_the_checkpoint_decides(model.description)))
    required = model.description.sources if settings.sources or settings.fine_tune else STEMS
    tracks, skipped = find_tracks(settings.data, required)
    for reason in skipped:
        listen(Note(f"{reason}."))
    split = split_tracks(tracks, settings.split, settings.validation_tracks, settings.test_tracks)
    if not split.train:
        raise CorpusError("No track is left to train on: all are named in VALIDATION_TRACKS or TEST_TRACKS.")
    module = make_module(model, settings, *open_corpus(split, model, settings, listen))
    if not module.is_validated:
        listen(Note("No slice to validate with: best weights and early stopping go by the training loss."))
    elif settings.sdr_every:
        cache = Cache(cache_folder(settings.data, settings.log_base), model.description.front_end)
        module.watchers = [TrackSDR(model, open_references(split.validation, model, cache), settings.sdr_every)]
    if settings.monitor == "val_sdr" and not module.is_validated:
        raise SettingsError("MONITOR='val_sdr' needs a validation track: name one in VALIDATION_TRACKS.")
    return module


def _what_the_checkpoint_decides(description: ModelDescription) -> str:
    front_end, schedule = description.front_end, description.schedule
    assert isinstance(schedule, Chunks)
    return (
        f"The checkpoint says: {front_end.sample_rate} Hz, {front_end.channels} channel(s), chunks of "
        f"{schedule.length / front_end.sample_rate:.1f} s, sources {', '.join(description.sources)}."
    )


def open_corpus(
    split: Split, model: TorchModel, settings: Settings, listen: TrainingListener
) -> tuple[list[Examples], list[Examples]]:
    """Training and validation tracks, with their audio in the cache."""
    domain = choose_domain(model, settings)
    cache = Cache(cache_folder(settings.data, settings.log_base), model.description.front_end)
    train, validation, test = len(split.train), len(split.validation), len(split.test)
    listen(Note(f"{train} tracks train, {validation} validate, {test} are kept for tests."))

    def opened(tracks: list[Track], what: str) -> list[Examples]:
        listen(Preparing(what))
        found: list[Examples] = []
        for track in tracks:
            try:
                found += domain.open(track, cache)
            except (InputError, OSError) as error:  # one bad track does not keep the others from training
                listen(Note(f"{track.name} is skipped: {sentence(error)}"))
        if tracks and not found:
            raise CorpusError(f"None of the {what} tracks in {settings.data} can be used.")
        return found

    training, validating = opened(split.train, "training"), opened(split.validation, "validation")
    if validating and not any(examples.has_target for examples in validating):
        learnt = ", ".join(model.description.sources)
        listen(Note(f"All validation tracks are silent in {learnt}: their loss says little of the separation."))
    return training, validating
