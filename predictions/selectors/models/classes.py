"""The classes that the model can name."""

from mlmodels.models import Label
from mlmodels.selectors.labels import labels_for
from mlmodels.selectors.versions.active import active_version


def classes_of_the_model() -> list[Label]:
    """The labels that the shipped model can give; all of them where none is registered."""
    version = active_version(None)
    return [
        label
        for code, label in labels_for(None).items()
        if version is None or code in version.classes
    ]
