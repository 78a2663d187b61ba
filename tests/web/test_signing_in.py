"""Signing in and out, and giving people a sign-in."""

import pytest
from django.apps import apps
from django.urls import reverse

from mailcall.desk.errors import Refused
from mailcall.desk.models import Person
from mailcall.web.logins import set_password

PASSWORD = "correct horse battery"
SIGN_IN = "/sign-in/"


@pytest.fixture
def login(ann):
    return set_password(ann, PASSWORD)


def test_an_analyst_signs_in_with_an_address_in_any_case_and_out_again(client, login):
    assert client.get("/").headers["Location"] == f"{SIGN_IN}?next=/"
    response = client.post(
        SIGN_IN, {"username": " Ann@Desk.example ", "password": PASSWORD, "next": "/held/"}
    )
    assert response["Location"] == "/held/"
    assert client.get(reverse("web:sign-out")).status_code == 405
    assert client.post(reverse("web:sign-out"))["Location"] == SIGN_IN
    assert client.get(reverse("web:calls")).status_code == 302


def test_a_wrong_password_is_said_and_the_address_kept(client, login):
    page = client.post(SIGN_IN, {"username": "ann@desk.example", "password": "wrong"}).content.decode()
    assert "don&#x27;t go together" in page
    assert 'value="ann@desk.example"' in page
    assert "wrong" not in page


def test_too_many_wrong_passwords_lock_the_sign_in(client, login, settings):
    settings.AXES_FAILURE_LIMIT = 3
    for _ in range(3):
        response = client.post(SIGN_IN, {"username": "ann@desk.example", "password": "wrong"})
    assert response.status_code == 429
    assert "Too many wrong passwords" in response.content.decode()
    assert client.post(SIGN_IN, {"username": "ann@desk.example", "password": PASSWORD}).status_code == 429


def test_nobody_is_sent_to_a_strange_site_after_signing_in(client, login):
    data = {"username": "ann@desk.example", "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post(SIGN_IN, data)["Location"] == reverse("web:home")


def test_the_sample_sign_ins_are_shown_only_in_the_demo(client, db, monkeypatch):
    sandbox = apps.get_app_config("sandbox")
    monkeypatch.setattr(sandbox, "sign_ins", [("Analyst", "sample@x.example", "pw")], raising=False)
    assert "sample@x.example" not in client.get(SIGN_IN).content.decode()

    class Demo:
        demo = True

    monkeypatch.setattr("mailcall.web.context.config", Demo)
    assert "sample@x.example" in client.get(SIGN_IN).content.decode()


def test_a_superuser_who_is_nobody_sees_the_pages_but_writes_no_mail(client, call):
    from mailcall.web.models import Login

    client.force_login(
        Login.objects.create_superuser("root", password=PASSWORD),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    response = client.get(reverse("web:call", args=[call.pk]))
    assert response.status_code == 200
    assert "belongs to no person" in response.content.decode()
    response = client.post(reverse("web:write", args=["call", call.pk]), {"to": "a@b.example"})
    assert response.status_code == 403


def test_a_password_is_set_and_changed(ann):
    first = set_password(ann, PASSWORD)
    ann.email = "Ann.Archer@desk.example"
    ann.save()
    second = set_password(ann, "another fine password")
    assert (first.pk, second.username) == (second.pk, "ann.archer@desk.example")
    assert second.check_password("another fine password")


def test_a_sign_in_of_another_person_is_never_taken_over(ann, login):
    twin = Person.objects.create(name="Twin", email=ann.email)
    with pytest.raises(Refused, match="Somebody else signs in as"):
        set_password(twin, PASSWORD)
    login.refresh_from_db()
    assert login.person == ann


@pytest.mark.parametrize("password", ["short", "password123"])
def test_a_weak_password_is_refused_with_a_sentence(ann, password):
    with pytest.raises(Refused, match=r"\.$"):
        set_password(ann, password)


def test_a_person_without_an_address_gets_no_sign_in(partition):
    with pytest.raises(Refused, match="needs an address"):
        set_password(Person.objects.create(name="X", email=""), PASSWORD)
