"""What the models refuse, in sentences."""

from hematovision.errors import DomainError, NotFound


class NoActiveModel(DomainError):
    """There is no model version that may classify."""

    code = "no_active_model"
    http_status = 503

    def __init__(self) -> None:
        super().__init__(
            "No model is registered, so nothing can be classified. "
            "Ask the operator to run `manage.py register_model`."
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


class ModelVersionNotFound(NotFound):
    """No such model version for this laboratory."""

    def __init__(self) -> None:
        super().__init__("There is no such model version.")
