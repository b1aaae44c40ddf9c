"""Addresses of signing in and out, and of a person's settings."""

from django.urls import path

from accounts import pages, views

urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-in/<str:secret>/", views.sign_in_link, name="sign-in-link"),
    path("sign-out/", views.SignOut.as_view(), name="sign-out"),
    path("settings/", pages.settings, name="settings"),
    path("settings/tokens/", pages.token_list, name="settings-tokens"),
    path("settings/tokens/<uuid:token_id>/revocation/", pages.revocation, name="token-revocation"),
    path("settings/appearance/", pages.appearance, name="settings-appearance"),
]
