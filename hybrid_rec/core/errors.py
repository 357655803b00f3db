"""Every error that hybrid-rec raises on purpose."""

import errno
import os


class HybridRecError(Exception):
    """Base of all errors of this package; catch it to catch them all."""


class ConfigError(HybridRecError):
    """A parameter has an unknown name or a value outside its range."""


class DataError(HybridRecError):
    """Input data is missing, unreadable or contradicts itself."""


class UnknownItemError(DataError):
    """An item id is not in the catalogue."""


class NotFittedError(HybridRecError):
    """A method needs a fitted model and the model has not been fitted."""


class ArtifactError(HybridRecError):
    """A saved model is missing, damaged or of another format."""


class ModelUnavailableError(HybridRecError):
    """The title model can be found neither locally nor on the hub nor as a package."""


class RunError(HybridRecError):
    """The machine stopped a run: a full disk, too little memory, a process that died."""


class ShadowedPackageError(HybridRecError, ImportError):
    """Another package hides one of those that hybrid-rec brings."""


class StoppedEarlyError(HybridRecError):
    """The user ended a search; what it found so far is kept."""


def memory_ran_out(error: BaseException | None) -> bool:
    """Whether this error, or one in whose place it was raised, says that there was no memory left.

    A library may say so in an error of its own, in the words of the operating system.
    """
    while error is not None:
        if isinstance(error, MemoryError) or os.strerror(errno.ENOMEM) in str(error):
            return True
        error = error.__context__
    return False
