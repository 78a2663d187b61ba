"""Signing in and out."""

from typing import Any

from django.contrib.auth import views
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from mailcall.message import comparable
from mailcall.web.access import acting_person, may_see
from mailcall.web.models import Login
from mailcall.web.views import errors


class SignInForm(AuthenticationForm):
    """Address and password."""

    error_messages = {
        "invalid_login": "That address and password don't go together. Passwords are case-sensitive.",
        "inactive": "This sign-in is switched off.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "Email address"
        self.fields["username"].widget.attrs |= {"inputmode": "email", "autocomplete": "username"}

    def clean_username(self) -> str:
        """The address as the logins keep it."""
        return comparable(str(self.cleaned_data["username"]).strip())


class SignInView(views.LoginView):
    """Address and password; axes counts the wrong ones."""

    template_name = "web/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Sign in, or say that it is locked."""
        response = super().dispatch(request, *args, **kwargs)
        if getattr(request, "axes_locked_out", False):
            request.axes_locked_out = False  # type: ignore[attr-defined]  # else axes answers in plain text
            return errors.too_many(request)
        return response


class SignOutView(views.LogoutView):
    """Only by POST."""


def home(request: HttpRequest) -> HttpResponse:
    """Where people begin: analysts with the calls, Users with what waits for their approval."""
    sees_pages = isinstance(request.user, Login) and may_see(request.user)
    person = acting_person(request)
    return redirect("web:calls" if sees_pages or person is None else "web:approvals")
