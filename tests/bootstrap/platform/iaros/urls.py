from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("readyz", lambda request: HttpResponse("ready"))]
