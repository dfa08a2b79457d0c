"""A signed report as other systems are told of it."""

from __future__ import annotations

from uuid import UUID

import pytest

from predictions.exchange.fhir import Issued
from predictions.exchange.terms import LabelCodes

PDF = b"%PDF-1.7 a report"


@pytest.fixture
def issued() -> Issued:
    return Issued(
        report_id=UUID(int=417),
        laboratory_id=UUID(int=7),
        address="https://hematovision.example",
        pdf=PDF,
    )


@pytest.fixture
def codes() -> dict[str, LabelCodes]:
    return {
        "neutrophil": LabelCodes("23761-0", "753-4"),
        "lymphocyte": LabelCodes("737-7", "732-8"),
        "immature_granulocyte": LabelCodes("38518-7", "51584-1"),
        "erythroblast": LabelCodes("18309-5", "772-4"),
    }
