"""What the models refuse, in sentences."""

from hematovision.errors import DomainError, NotFound


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


class ModelVersionRefused(DomainError):
    """A version's folder is whole, but is not one that may be used."""

    code = "model_version_refused"
    http_status = 409


class ModelVersionTaken(DomainError):
    """The laboratory has a version of this name already."""

    code = "model_version_taken"
    http_status = 409

    def __init__(self, version: str) -> None:
        super().__init__(f"There is a version {version} already. Give this one another number.")


class ModelVersionNotFound(NotFound):
    """No such version, shipped or of this laboratory."""

    def __init__(self) -> None:
        super().__init__("There is no such model version in your laboratory.")


class GateRefused(DomainError):
    """A check at the gate that cannot be asked for; the sentence says why."""

    code = "gate_refused"
    http_status = 409


class PromotionRefused(DomainError):
    """What is active cannot be changed so; the sentence says why."""

    code = "promotion_refused"
    http_status = 409


class LedgerMoved(DomainError):
    """Somebody else changed what is active since the page was shown."""

    code = "ledger_moved"
    http_status = 409


class ShadowRefused(DomainError):
    """A version cannot be put in shadow; the sentence says why."""

    code = "shadow_refused"
    http_status = 409


class TrainingRunNotFound(NotFound):
    """No such training run in this laboratory."""

    def __init__(self) -> None:
        super().__init__("There is no such training run in your laboratory.")


class TrainingRefused(DomainError):
    """A training that cannot be asked for, cancelled or resumed; the sentence says why."""

    code = "training_refused"
    http_status = 409

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence, fields={field: [sentence]} if field else None)
