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

    def __init__(
        self,
        sentence: str = "The model's files are missing or damaged, so nothing was classified. "
        "Ask the operator to restore them, then run the image again.",
    ) -> None:
        super().__init__(sentence)


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


class ModelFileNotFound(NotFound):
    """The version has no file of this name."""

    def __init__(self) -> None:
        super().__init__("This model version has no such file.")


class GateNotFound(NotFound):
    """No such check in this laboratory."""

    def __init__(self) -> None:
        super().__init__("There is no such check in your laboratory.")


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


class DatasetNotFound(NotFound):
    """No such dataset, image or pair in this laboratory."""

    def __init__(self) -> None:
        super().__init__("There is no such dataset in your laboratory.")


class DatasetRefused(DomainError):
    """A dataset that cannot be taken in as it was sent; the sentence says why."""

    code = "dataset_refused"

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence, fields={field: [sentence]})


class DatasetNameTaken(DatasetRefused):
    """The laboratory has a dataset of this name already."""

    code = "dataset_name_taken"
    http_status = 409

    def __init__(self, name: str) -> None:
        super().__init__("name", f"There is a dataset {name} already. Choose another name.")


class DatasetTooLarge(DatasetRefused):
    """The archive is larger than this installation takes."""

    code = "too_large"
    http_status = 413

    def __init__(self, most_bytes: int) -> None:
        super().__init__(
            "archive",
            f"The archive is larger than {most_bytes / 1024**2:.0f} MB. Split it into several.",
        )


class DatasetStateRefused(DomainError):
    """What cannot be done with a dataset in its present state; the sentence says why."""

    code = "dataset_state_refused"
    http_status = 409


class RegistryUnavailable(DomainError):
    """The folder of datasets and models does not take or give a file now."""

    code = "registry_unavailable"
    http_status = 503

    def __init__(self) -> None:
        super().__init__(
            "The storage of datasets does not answer or is full. Try again; if it stays, tell the "
            "operator."
        )


class ProfileNotFound(NotFound):
    """No such imaging profile in this laboratory."""

    def __init__(self) -> None:
        super().__init__("There is no such imaging profile in your laboratory.")


class ProfileInvalid(DomainError):
    """What is said of an imaging profile, or asked of it, cannot be taken."""

    code = "profile_invalid"

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence, fields={field: [sentence]} if field else None)


class ProfileUnusable(DomainError):
    """The imaging profile that an upload names cannot be taken."""

    code = "imaging_profile"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, fields={"imaging_profile": [sentence]})


class LabelNotFound(NotFound):
    """No such label, shipped or of this laboratory."""

    def __init__(self) -> None:
        super().__init__("There is no such label in your laboratory.")


class LabelRefused(DomainError):
    """What is said of a label cannot be taken; the sentence says why."""

    code = "label_refused"

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence, fields={field: [sentence]})


class LabelTaken(LabelRefused):
    """Another label of the laboratory has this code, name, key or these two letters."""

    code = "label_taken"
    http_status = 409
