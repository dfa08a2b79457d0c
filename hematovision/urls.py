"""Every address of the product. Each view names its action; one that does not stops the start."""

from django.urls import URLPattern, URLResolver, include, path, re_path, register_converter

from accounts.api.docs import ApiDocs, ApiSchema
from accounts.policy import refuse_unnamed
from hematovision.addresses import AnyCaseUUID
from hematovision.web.error_responses import unknown_api_address
from hematovision.web.health import healthz, readyz
from predictions.views import models
from predictions.views.home import about, home
from predictions.views.research.exports import research
from predictions.views.research.reviewed import dataset_from_reviews

# Before the apps' addresses, which are read by what they include.
register_converter(AnyCaseUUID, "id")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("about/", about, name="about"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    # Pages on which the apps meet carry no app's name: a lower app links to them, too.
    path("models/", models.models, name="models"),
    path("models/<id:version_id>/shadow/", models.shadow, name="model_shadow"),
    path("models/<id:version_id>/reports/", models.touched_reports, name="model_reports"),
    path(
        "models/<id:version_id>/reports.csv",
        models.touched_reports_table,
        name="model_reports_table",
    ),
    path("research/", research, name="research"),
    path("datasets/from-reviews/", dataset_from_reviews, name="dataset_from_reviews"),
    path("", include("accounts.urls")),
    path("", include("mlmodels.urls")),
    path("", include("predictions.urls")),
    path("api/schema/", ApiSchema.as_view(), name="api_schema"),
    path("api/docs/", ApiDocs.as_view(url_name="api_schema"), name="api_docs"),
    path("api/v1/token/", include("accounts.api.urls")),
    path("api/v1/", include("predictions.api.urls")),
    # A program is told when an address only lacks its slash.
    re_path(r"^api/(?P<rest>.*)$", unknown_api_address, name="api_unknown"),
]

handler400 = "hematovision.web.error_responses.bad_request"
handler403 = "hematovision.web.error_responses.permission_denied"
handler404 = "hematovision.web.error_responses.page_not_found"
handler500 = "hematovision.web.error_responses.server_error"

refuse_unnamed(urlpatterns)
