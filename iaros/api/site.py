"""What belongs to no topic: the page of the API, the token endpoint, and the answer where there is nothing."""

from __future__ import annotations

from typing import Any

from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from oauth2_provider.views import TokenView
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI from our own files, under the pages' content security policy."""

    url_name = "api:schema"
    authentication_classes = ()
    template_name = "api/swagger.html"


@extend_schema(exclude=True)
class UnknownView(APIView):
    """404 as a problem, for whatever method."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound("There is no such route; /api/v1/schema/ lists them all.")


@method_decorator(csrf_exempt, name="dispatch")
class ClientTokenView(TokenView):
    """RFC 6749 client credentials; errors keep the shape of that RFC."""
