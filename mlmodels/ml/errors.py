"""What the engine says when it cannot go on.

Every message is a sentence for a person. The family is pure Python; services turn it into
the application's own errors.
"""


class EngineError(Exception):
    """Something in the engine refused its input.

    Args:
        message: a sentence for a person: what happened, and what to do.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class RejectedImage(EngineError):
    """The bytes are not an acceptable picture."""


class BoxRefused(EngineError):
    """No cell can be read from the box that was drawn."""


class ArtifactDamaged(EngineError):
    """A file of a model version is missing, or is not the file that was registered."""


class RecipeInvalid(EngineError):
    """A recipe has a field that is missing, unknown or out of range."""


class ManifestInvalid(EngineError):
    """A manifest or a folder of classes cannot be read as one."""


class ArchiveRefused(EngineError):
    """An archive is none, or is too much as a whole."""
