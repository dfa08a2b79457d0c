"""The API's description as a file and as a page. Nothing is loaded from another host."""

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from accounts.api.permissions import PolicyPermission
from accounts.policy import Action, needs


@needs({"GET": Action.SEE_API_DOCS})
class ApiSchema(SpectacularAPIView):
    """The OpenAPI description."""

    permission_classes = [PolicyPermission]


@needs({"GET": Action.SEE_API_DOCS})
class ApiDocs(SpectacularSwaggerSplitView):
    """Swagger UI over the description, with an example to copy."""

    permission_classes = [PolicyPermission]
    template_name = "accounts/api_docs.html"
