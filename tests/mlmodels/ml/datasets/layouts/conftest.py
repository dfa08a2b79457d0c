"""What the tests of layouts share: files in a folder, and what is listed of them."""

import pytest

from mlmodels.ml.datasets.class_names import SHIPPED_LABELS, ClassNames, LabelName
from mlmodels.ml.datasets.layouts.choose import list_pictures
from mlmodels.ml.datasets.layouts.listing import Choices

SHORT = {"neutrophil": "NE", "eosinophil": "EO", "monocyte": "MO", "immature_granulocyte": "IG"}


@pytest.fixture
def names() -> ClassNames:
    return ClassNames(
        LabelName(each.code, each.name, SHORT.get(each.code, "")) for each in SHIPPED_LABELS
    )


@pytest.fixture
def listed(tmp_path, names):
    """What a folder of these files offers."""

    def act(files, choices: Choices = Choices()):
        for path, data in files.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data.encode() if isinstance(data, str) else data)
        return list_pictures(tmp_path, list(files), names, choices)

    return act


@pytest.fixture
def told():
    """The sentences of a listing's report, of which none refuses."""

    def act(listing) -> str:
        assert not [row for row in listing.report if row.refuses], listing.report
        return " ".join(row.reason for row in listing.report)

    return act
