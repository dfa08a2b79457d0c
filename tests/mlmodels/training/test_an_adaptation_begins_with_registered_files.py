"""A version whose files were exchanged is not adapted, however well its new files agree."""

import pytest

from mlmodels import artifacts
from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.models import TrainingRun
from mlmodels.services.training.run_adaptation import adapt_for_run
from tests.factories.models import make_candidate, seal
from tests.factories.profiles import make_profile

pytestmark = pytest.mark.django_db


def test_a_folder_with_other_checksums_is_not_opened(admin, laboratory, tmp_path):
    base = make_candidate(laboratory)
    folder = artifacts.model_folder(base)
    (folder / artifacts.CARD).write_bytes((folder / artifacts.CARD).read_bytes() + b"\n")
    seal(folder)
    run = TrainingRun.objects.create(
        laboratory=laboratory,
        kind=TrainingRun.Kind.ADAPTATION,
        profile=make_profile(admin),
        base_version=base,
        created_by=admin,
    )
    with pytest.raises(ArtifactDamaged, match="not the one that was registered"):
        adapt_for_run(run_id=run.pk, output=tmp_path)
