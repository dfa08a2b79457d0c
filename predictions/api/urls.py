"""Version 1 of the API, below /api/v1/."""

from django.urls import path

from predictions.api import (
    archives,
    case,
    cells,
    corrections,
    diseases,
    images,
    intervals,
    labels,
    predict,
    profiles,
    reports,
    research,
    samples,
)
from predictions.api.quality import figures

app_name = "predictions_api"
urlpatterns = [
    path("samples/", samples.SampleListView.as_view(), name="samples"),
    path("samples/search/", samples.SampleSearchView.as_view(), name="sample_search"),
    path("samples/<id:sample_id>/", samples.SampleView.as_view(), name="sample"),
    path(
        "samples/<id:sample_id>/images/",
        images.SampleImagesView.as_view(),
        name="sample_images",
    ),
    path("samples/<id:sample_id>/cells/", cells.SampleCellsView.as_view(), name="sample_cells"),
    path(
        "samples/<id:sample_id>/archives/",
        archives.SampleArchivesView.as_view(),
        name="sample_archives",
    ),
    path("archives/<id:archive_id>/", archives.ArchiveView.as_view(), name="archive"),
    path(
        "samples/<id:sample_id>/reviews/",
        cells.SampleReviewsView.as_view(),
        name="sample_reviews",
    ),
    path("cells/<id:cell_id>/reviews/", cells.CellReviewsView.as_view(), name="cell_reviews"),
    path("images/<id:image_id>/cells/", cells.ImageCellsView.as_view(), name="image_cells"),
    path("images/<id:image_id>/run/", cells.ImageRunView.as_view(), name="image_run"),
    path(
        "samples/<id:sample_id>/differential/",
        case.DifferentialView.as_view(),
        name="differential",
    ),
    path("samples/<id:sample_id>/state/", case.StateView.as_view(), name="state"),
    path("samples/<id:sample_id>/sign/", case.SignView.as_view(), name="sign"),
    path("samples/<id:sample_id>/amend/", case.AmendView.as_view(), name="amend"),
    path("samples/<id:sample_id>/amend/withdraw/", case.WithdrawView.as_view(), name="withdraw"),
    path("samples/<id:sample_id>/retract/", case.RetractView.as_view(), name="retract"),
    path("samples/<id:sample_id>/contacts/", case.ContactsView.as_view(), name="contacts"),
    path("samples/<id:sample_id>/alarm/acknowledge/", case.AlarmView.as_view(), name="alarm"),
    path(
        "samples/<id:sample_id>/diseases/",
        diseases.SampleDiseasesView.as_view(),
        name="sample_diseases",
    ),
    path(
        "samples/<id:sample_id>/reports/",
        reports.SampleReportsView.as_view(),
        name="sample_reports",
    ),
    path("samples/<id:sample_id>/fhir/", reports.SampleFhirView.as_view(), name="sample_fhir"),
    path("reports/verify/", reports.VerifyView.as_view(), name="report_verify"),
    path("reports/<id:report_id>/", reports.ReportView.as_view(), name="report"),
    path("reports/<id:report_id>/fhir/", reports.ReportFhirView.as_view(), name="report_fhir"),
    path("reports/<id:report_id>/hl7/", reports.ReportHl7View.as_view(), name="report_hl7"),
    path("reports/<id:report_id>/pdf/", reports.ReportPdfView.as_view(), name="report_pdf"),
    path("images/<id:image_id>/", images.ImageView.as_view(), name="image"),
    path("images/<id:image_id>/rendition/", images.ImageRenditionView.as_view(), name="rendition"),
    path("images/<id:image_id>/original/", images.ImageOriginalView.as_view(), name="original"),
    path("images/<id:image_id>/dismiss/", corrections.DismissView.as_view(), name="image_dismiss"),
    path("images/<id:image_id>/move/", corrections.MoveView.as_view(), name="image_move"),
    path("research/exports/", research.ExportListView.as_view(), name="research_exports"),
    path(
        "research/exports/<id:export_id>/",
        research.ExportView.as_view(),
        name="research_export",
    ),
    path(
        "research/exports/<id:export_id>/file/",
        research.ExportFileView.as_view(),
        name="research_export_file",
    ),
    path("predict/", predict.PredictView.as_view(), name="predict"),
    path("imaging-profiles/", profiles.ProfileListView.as_view(), name="profiles"),
    path("imaging-profiles/<id:profile_id>/", profiles.ProfileView.as_view(), name="profile"),
    path("labels/", labels.LabelListView.as_view(), name="labels"),
    path("labels/<slug:code>/", labels.LabelView.as_view(), name="label"),
    path("quality/", figures.QualityView.as_view(), name="quality"),
    path("reference-intervals/", intervals.IntervalsView.as_view(), name="intervals"),
]
