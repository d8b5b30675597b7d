"""What can be wrong with a model; callers turn it into their own kind of failure."""


class ModelError(Exception):
    """The message names the model version, what is wrong and the remedy."""


class CorruptArtifactError(ModelError):
    """A file of a version is missing, or its bytes are not those that were published."""


class UnknownVersionError(ModelError):
    """The registry has no such version."""
