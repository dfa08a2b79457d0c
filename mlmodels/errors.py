"""What the models refuse, in sentences."""

from hematovision.errors import DomainError


class NoActiveModel(DomainError):
    """There is no model version that may classify."""

    code = "no_active_model"
    http_status = 503

    def __init__(self) -> None:
        super().__init__(
            "No model is registered, so nothing can be classified. "
            "Ask the operator to run `manage.py register_model --shipped`."
        )


class ModelDamaged(DomainError):
    """A model file is missing or is not the one that was registered."""

    code = "model_damaged"
    http_status = 503

    def __init__(self) -> None:
        super().__init__(
            "The model's files are missing or damaged, so nothing was classified. "
            "Ask the operator to restore them, then run the image again."
        )


class ModelVersionChanged(DomainError):
    """A version that has results carries other files than it was registered with."""

    code = "model_version_changed"
    http_status = 409

    def __init__(self, version: str) -> None:
        super().__init__(
            f"The files of model version {version} are not the ones that were registered, and "
            "results were made with it. Restore them, or give the new files a new version."
        )
