"""The pages of people: the way in and out, one's own account, the laboratory and its users."""

from django.urls import path

from accounts.views import account, audit, laboratory, sessions, users

app_name = "accounts"

urlpatterns = [
    path("sign-in/", sessions.sign_in, name="sign_in"),
    path("session/", sessions.session, name="session"),
    path("log-out/", sessions.log_out, name="log_out"),
    path("account/", account.account, name="account"),
    path("account/password/", account.password, name="password"),
    path("account/tokens/revoke/", account.revoke_tokens, name="revoke_tokens"),
    path("settings/", laboratory.laboratory, name="laboratory"),
    path("settings/logo/", laboratory.logo, name="logo"),
    path("settings/logo/remove/", laboratory.logo_remove, name="logo_remove"),
    path("audit/", audit.audit, name="audit"),
    path("audit/export/", audit.audit_export, name="audit_export"),
    path(
        "audit/alerts/<id:check_id>/dismiss/",
        audit.audit_alert_dismiss,
        name="audit_alert_dismiss",
    ),
    path("users/", users.user_list, name="users"),
    path("users/new/", users.user_new, name="user_new"),
    path("users/<id:user_id>/", users.user, name="user"),
    path("users/<id:user_id>/role/", users.user_role, name="user_role"),
    path("users/<id:user_id>/deactivate/", users.user_deactivate, name="user_deactivate"),
    path("users/<id:user_id>/activate/", users.user_activate, name="user_activate"),
    path("users/<id:user_id>/end-sessions/", users.user_end_sessions, name="user_end_sessions"),
]
