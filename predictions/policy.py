"""Which rows a person sees, and which state allows what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import Laboratory, User
from accounts.policy import Action, allows, roles_for
from predictions.errors import ChangeRefused, JobStateRefused, ReviewRefused, SampleClosed
from predictions.models import (
    Cell,
    CellExport,
    CellReview,
    ControlReading,
    ControlSlide,
    DailyAgreement,
    DailyCells,
    Delivery,
    DriftFinding,
    DriftWatch,
    ImageArchive,
    IntervalSet,
    Report,
    ReportModelVersion,
    ResultConnection,
    Sample,
    SampleDisease,
    SampleEvent,
    SecondRead,
    SecondReadAnswer,
    Signature,
    SmearImage,
)

_State, _Kind = Sample.State, SampleEvent.Kind


@dataclass(frozen=True)
class Transition:
    """A step that changes the state of a sample.

    Args:
        starts: states from which it may be taken.
        to: the state it leads to.
        action: who may take it.
    """

    starts: tuple[Sample.State, ...]
    to: Sample.State
    action: Action


# The only ways from state to state that a person takes; the one that a result takes, from open to
# in review, is `steps.begin_review`.
TRANSITIONS: Mapping[SampleEvent.Kind, Transition] = {
    _Kind.SENT: Transition((_State.IN_REVIEW,), _State.READY, Action.SEND_SAMPLES),
    _Kind.SENT_BACK: Transition((_State.READY,), _State.IN_REVIEW, Action.SEND_SAMPLES),
    _Kind.SIGNED: Transition((_State.READY, _State.AMENDING), _State.SIGNED, Action.SIGN_OUT),
    _Kind.AMENDMENT_BEGUN: Transition((_State.SIGNED,), _State.AMENDING, Action.SIGN_OUT),
    _Kind.AMENDMENT_WITHDRAWN: Transition((_State.AMENDING,), _State.SIGNED, Action.SIGN_OUT),
    _Kind.RETRACTED: Transition((_State.SIGNED,), _State.RETRACTED, Action.SIGN_OUT),
    _Kind.CANCELLED: Transition(
        (_State.OPEN, _State.IN_REVIEW, _State.READY), _State.CANCELLED, Action.CORRECT_SAMPLES
    ),
}


def allows_step(sample: Sample, kind: SampleEvent.Kind) -> bool:
    """Whether the sample's state allows a step."""
    return sample.state in TRANSITIONS[kind].starts


def can_take(viewer: User, sample: Sample, kind: SampleEvent.Kind) -> bool:
    """Whether this person may take a step with the sample now; what it lacks is not asked."""
    return allows(viewer, TRANSITIONS[kind].action) and allows_step(sample, kind)


def visible_samples(viewer: User) -> QuerySet[Sample]:
    """The samples of the viewer's laboratory."""
    if not allows(viewer, Action.SEE_RESULTS):
        return Sample.objects.none()
    return Sample.objects.filter(laboratory_id=viewer.laboratory_id)


def visible_images(viewer: User) -> QuerySet[SmearImage]:
    """The images of the viewer's laboratory."""
    if not allows(viewer, Action.SEE_RESULTS):
        return SmearImage.objects.none()
    return SmearImage.objects.filter(laboratory_id=viewer.laboratory_id)


def visible_archives(viewer: User) -> QuerySet[ImageArchive]:
    """The archives that were sent to samples of the viewer's laboratory."""
    if not allows(viewer, Action.SEE_RESULTS):
        return ImageArchive.objects.none()
    return ImageArchive.objects.filter(sample__laboratory_id=viewer.laboratory_id)


def visible_cells(viewer: User) -> QuerySet[Cell]:
    """The cells of the viewer's laboratory."""
    if not allows(viewer, Action.SEE_RESULTS):
        return Cell.objects.none()
    return Cell.objects.filter(image__laboratory_id=viewer.laboratory_id)


def visible_exports(viewer: User) -> QuerySet[CellExport]:
    """What the viewer's laboratory exported, of the kinds that the viewer may ask for."""
    kinds = [kind for kind, action in _EXPORTS.items() if allows(viewer, action)]
    if not kinds:
        return CellExport.objects.none()
    return CellExport.objects.filter(laboratory_id=viewer.laboratory_id, kind__in=kinds)


def export_action(kind: str) -> Action:
    """What somebody must be allowed to do who asks for an export of this kind."""
    return _EXPORTS[CellExport.Kind(kind)]


_EXPORTS: Mapping[CellExport.Kind, Action] = {
    CellExport.Kind.RESEARCH: Action.EXPORT_RESEARCH,
    CellExport.Kind.DATASET: Action.MANAGE_DATASETS,
}


def visible_connections(viewer: User) -> QuerySet[ResultConnection]:
    """The systems that reports of the viewer's laboratory go to."""
    if not allows(viewer, Action.MANAGE_DELIVERY):
        return ResultConnection.objects.none()
    return ResultConnection.objects.filter(laboratory_id=viewer.laboratory_id)


def visible_deliveries(viewer: User) -> QuerySet[Delivery]:
    """What of the viewer's laboratory is to be told to other systems."""
    if not allows(viewer, Action.MANAGE_DELIVERY):
        return Delivery.objects.none()
    return Delivery.objects.filter(laboratory_id=viewer.laboratory_id)


def visible_reports(viewer: User) -> QuerySet[Report]:
    """The reports of the viewer's laboratory; whether one is genuine, everybody in it may ask."""
    if not allows(viewer, Action.SEE_RESULTS):
        return Report.objects.none()
    return Report.objects.filter(laboratory_id=viewer.laboratory_id)


def visible_sample_diseases(viewer: User) -> QuerySet[SampleDisease]:
    """What doctors of the viewer's laboratory said of patients, for those who may group by it.

    Whoever reads cells is not told: who knows the answer sees it in the cells.
    """
    if not allows(viewer, Action.EXPORT_RESEARCH):
        return SampleDisease.objects.none()
    return SampleDisease.objects.filter(laboratory_id=viewer.laboratory_id)


def visible_watches(viewer: User) -> QuerySet[DriftWatch]:
    """What is watched for drift in the viewer's laboratory."""
    if not allows(viewer, Action.SEE_USAGE):
        return DriftWatch.objects.none()
    return DriftWatch.objects.filter(laboratory_id=viewer.laboratory_id)


def visible_drift_findings(viewer: User) -> QuerySet[DriftFinding]:
    """What was found to have changed in the viewer's laboratory."""
    if not allows(viewer, Action.SEE_USAGE):
        return DriftFinding.objects.none()
    return DriftFinding.objects.filter(laboratory_id=viewer.laboratory_id)


def visible_touched_reports(viewer: User) -> QuerySet[ReportModelVersion]:
    """Which versions read the viewer's laboratory's reports, for those who manage versions."""
    if not allows(viewer, Action.MANAGE_MODELS):
        return ReportModelVersion.objects.none()
    return ReportModelVersion.objects.filter(laboratory_id=viewer.laboratory_id)


def second_reads_for(viewer: User) -> QuerySet[SecondRead]:
    """The cells that this person may read a second time: as they are signed, none that they named,
    none of samples that they signed."""
    if not allows(viewer, Action.READ_AGAIN):
        return SecondRead.objects.none()
    named = CellReview.objects.filter(cell=OuterRef("cell"), by=viewer)
    # From the few reports of the sample to the signature of each: a doctor has signed thousands.
    by_viewer = Signature.objects.filter(report=OuterRef("pk"), by=viewer)
    signed = Report.objects.filter(Exists(by_viewer), sample=OuterRef("sample"))
    return _standing_reads(viewer).filter(~Exists(named), ~Exists(signed))


def visible_disagreements(viewer: User) -> QuerySet[SecondRead]:
    """Cells of signed samples that a second reader named otherwise, for those who may amend."""
    if not allows(viewer, Action.SIGN_OUT):
        return SecondRead.objects.none()
    return _standing_reads(viewer).filter(state=SecondRead.State.DIFFERS)


def _standing_reads(viewer: User) -> QuerySet[SecondRead]:
    """Those of the viewer's laboratory whose cell is still what it was signed as.

    What was amended, run again or retracted since is history: asking or telling of it would be of
    a name that no report holds any more.
    """
    return SecondRead.objects.filter(
        laboratory_id=viewer.laboratory_id,
        sample__state__in=(Sample.State.SIGNED, Sample.State.AMENDING),
        cell__job=F("cell__image__newest_result"),
        cell__present_label=F("first_label"),
    )


def visible_second_answers(viewer: User) -> QuerySet[SecondReadAnswer]:
    """What second readers said: everybody's for those who see quality, else one's own."""
    answers = SecondReadAnswer.objects.filter(laboratory_id=viewer.laboratory_id)
    if allows(viewer, Action.SEE_QUALITY):
        return answers
    return answers.filter(by=viewer) if allows(viewer, Action.READ_AGAIN) else answers.none()


def visible_control_slides(viewer: User) -> QuerySet[ControlSlide]:
    """The control slides of the viewer's laboratory, for those who put them together."""
    if not allows(viewer, Action.MANAGE_LABORATORY):
        return ControlSlide.objects.none()
    return ControlSlide.objects.filter(laboratory_id=viewer.laboratory_id)


def control_slide_in_use(viewer: User) -> ControlSlide | None:
    """The control slide that the viewer's laboratory reads now; none where there is none."""
    if not allows(viewer, Action.SEE_RESULTS):
        return None
    in_use = ControlSlide.objects.filter(started_at__isnull=False, retired_at=None)
    return in_use.filter(laboratory_id=viewer.laboratory_id).first()


def visible_control_readings(viewer: User) -> QuerySet[ControlReading]:
    """Readings of control slides: everybody's for those who see quality, else one's own."""
    readings = ControlReading.objects.filter(slide__laboratory_id=viewer.laboratory_id)
    if allows(viewer, Action.SEE_QUALITY):
        return readings
    return readings.filter(reader=viewer) if allows(viewer, Action.READ_AGAIN) else readings.none()


def readers_of(laboratory: Laboratory) -> list[User]:
    """The active people of a laboratory who read the control slide, by name."""
    people = User.objects.filter(
        laboratory=laboratory, is_active=True, role__in=roles_for(Action.READ_AGAIN)
    )
    return sorted(people, key=lambda person: person.display_name.lower())


def refuse_closed(sample: Sample) -> None:
    """Let only a sample pass that still takes images."""
    if not sample.accepts_images:
        raise SampleClosed(
            f"This sample is {sample.get_state_display()}, so no image can be added. "
            "Create a new sample."
        )


def refuse_change(viewer: User, sample: Sample) -> None:
    """Let only a sample pass that this person may correct now, or take images from."""
    if sample.state == Sample.State.SIGNED:
        raise ChangeRefused(
            "This sample is signed. It can be changed once a doctor has begun an amendment."
        )
    if sample.is_frozen:
        raise ChangeRefused(f"This sample is {sample.get_state_display()}, so it stays as it is.")
    if sample.state == Sample.State.READY and not allows(viewer, Action.SIGN_OUT):
        raise ChangeRefused(
            "This sample waits for the doctor, so only a doctor changes it. Take it back first, "
            "with a note."
        )


def can_change(viewer: User, sample: Sample) -> bool:
    """Whether this person may correct the sample now, or take images from it."""
    if not allows(viewer, Action.CORRECT_SAMPLES) or sample.is_frozen:
        return False
    return sample.state != Sample.State.READY or allows(viewer, Action.SIGN_OUT)


def refuse_review(viewer: User, sample: Sample) -> None:
    """Let only a sample pass whose cells this person may review now."""
    if _accepts_reviews_of(viewer, sample):
        return
    if sample.state == Sample.State.READY:
        raise ReviewRefused(
            "This sample waits for the doctor, so only a doctor reviews its cells. Take it back "
            "first, with a note."
        )
    raise ReviewRefused(
        f"This sample is {sample.get_state_display()}, so its cells cannot be reviewed."
    )


def can_review(viewer: User, sample: Sample) -> bool:
    """Whether this person may say now what the sample's cells are."""
    return allows(viewer, Action.REVIEW_CELLS) and _accepts_reviews_of(viewer, sample)


def can_overrule(viewer: User) -> bool:
    """Whether what this person says of a cell goes before a doctor's word; else it is a remark."""
    return allows(viewer, Action.SIGN_OUT)


def _accepts_reviews_of(viewer: User, sample: Sample) -> bool:
    """Once a sample waits for the doctor, whoever signs reviews it, and nobody else."""
    if sample.state == Sample.State.READY:
        return allows(viewer, Action.SIGN_OUT)
    return sample.state in Sample.ACCEPTS_REVIEWS


def can_rerun(viewer: User, image: SmearImage) -> bool:
    """Whether this person may have the image classified again now."""
    return (
        allows(viewer, Action.RERUN_IMAGES)
        and image.is_final
        and _accepts_reviews_of(viewer, image.sample)
    )


def refuse_rerun(viewer: User, sample: Sample) -> None:
    """Let only a sample pass whose images this person may have classified again now."""
    if _accepts_reviews_of(viewer, sample):
        return
    if sample.state == Sample.State.READY:
        raise SampleClosed(
            "This sample waits for the doctor, so only a doctor runs its images again. Take it "
            "back first, with a note."
        )
    raise SampleClosed(
        f"This sample is {sample.get_state_display()}, so its images cannot be run again."
    )


def refuse_unfinished(image: SmearImage) -> None:
    """Let only an image pass that nothing is at work on."""
    if not image.is_final:
        raise JobStateRefused("This image is still being classified. Wait for its result.")


def visible_interval_sets(viewer: User) -> QuerySet[IntervalSet]:
    """The shipped sets of reference intervals and those of the viewer's laboratory."""
    if not allows(viewer, Action.SEE_INTERVALS):
        return IntervalSet.objects.none()
    return IntervalSet.objects.filter(
        Q(laboratory__isnull=True) | Q(laboratory_id=viewer.laboratory_id)
    )


def visible_days(viewer: User) -> QuerySet[DailyCells]:
    """What is counted of each day of the viewer's laboratory, for those who see quality."""
    if not allows(viewer, Action.SEE_QUALITY):
        return DailyCells.objects.none()
    return DailyCells.objects.filter(laboratory_id=viewer.laboratory_id)


def visible_agreement(viewer: User) -> QuerySet[DailyAgreement]:
    """How people called what models had called, by day, for those who see quality."""
    if not allows(viewer, Action.SEE_QUALITY):
        return DailyAgreement.objects.none()
    return DailyAgreement.objects.filter(laboratory_id=viewer.laboratory_id)


def visible_reviews(viewer: User) -> QuerySet[CellReview]:
    """What everybody of the viewer's laboratory said of cells, for those who see quality."""
    if not allows(viewer, Action.SEE_QUALITY):
        return CellReview.objects.none()
    return CellReview.objects.filter(by__laboratory_id=viewer.laboratory_id)


def own_reviews(viewer: User) -> QuerySet[CellReview]:
    """What the viewer said of cells."""
    if not allows(viewer, Action.READ_AGAIN):
        return CellReview.objects.none()
    return CellReview.objects.filter(by=viewer)
