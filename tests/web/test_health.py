"""What a load balancer asks: are the pages served, and can they be used?"""

import pytest
from django.db import OperationalError, connection
from django.test import Client


@pytest.mark.django_db
def test_ready_when_the_database_answers(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_not_ready_without_the_database_and_strangers_do_not_learn_why(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OperationalError("could not connect to db.internal as desk")

    monkeypatch.setattr(connection, "cursor", refuse)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.content == b"The database can't be used; the log says why.\n"
    assert client.get("/healthz").status_code == 200
    assert client.post("/readyz").status_code == 405
