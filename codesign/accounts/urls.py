"""URLs for a person's API tokens, and for the site's accounts."""

from django.urls import path

from codesign.accounts import views

app_name = "accounts"
urlpatterns = [
    path("language/", views.language, name="language"),
    path("account/tokens/", views.tokens, name="tokens"),
    path("account/tokens/revoke/", views.revoke_token, name="revoke_token"),
    path("site/mail/", views.mail, name="mail"),
    path("site/accounts/", views.people, name="people"),
    path("site/accounts/<uuid:user_id>/stop/", views.stop, name="stop"),
    path("site/accounts/<uuid:user_id>/", views.set_active, name="set_active"),
]
