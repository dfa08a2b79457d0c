"""The public four-class archive as downloaded, whose copies get their photograph as the source."""

import pytest

from mlmodels.models import Dataset
from mlmodels.services.datasets import mapping, run_datasets
from tests.factories.public_archive import public_archive

pytestmark = pytest.mark.django_db


def test_each_copy_has_its_true_photograph_as_the_source(imported, admin):
    data, true = public_archive()
    dataset = imported(data)
    assert dataset.state == Dataset.State.MAPPING
    codes = {n: each["code"] for n, each in enumerate(dataset.questions["classes"])}
    mapping.map_classes(actor=admin, dataset_id=dataset.pk, classes=codes, half="copies")
    run_datasets.import_dataset(dataset_id=dataset.pk)
    dataset.refresh_from_db()
    assert dataset.state == Dataset.State.OPEN, dataset.report
    assert dict(dataset.images.values_list("path", "source")) == true
    # No photograph is in two splits, and the archive's own test stays one.
    assert {i.split for i in dataset.images.all() if "/TEST" in i.path} == {"test"}
