import acapella
from acapella import errors


def test_public_names():
    assert acapella.__all__ == [
        "AcapellaError",
        "Isolator",
        "Settings",
        "SpectralFrontEnd",
        "__version__",
        "metrics",
        "train",
    ]
    assert dir(acapella) == acapella.__all__
    assert all(hasattr(acapella, name) for name in acapella.__all__)


def test_every_error_has_an_exit_code():
    tree = [errors.AcapellaError]
    for error in tree:
        tree.extend(error.__subclasses__())
    usage = {error for error in tree if issubclass(error, errors.UsageError)}
    assert {error.exit_code for error in usage} == {2}
    assert {error.exit_code for error in tree if error not in usage} == {1}
