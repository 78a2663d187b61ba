"""The pages about people, groups, organisations and roles, and what those with the right change there."""

import pytest
from django.urls import reverse

from mailcall.desk.models import Grant, Group, Organisation, Person, Right, Role
from mailcall.desk.people import add_address, leave
from mailcall.web.logins import set_password
from mailcall.web.models import Login
from mailcall.web.people_urls import people_pages


@pytest.fixture
def administrator(analyst, ann):
    """A browser of an analyst who may do everything."""
    role = Role.objects.create(name="Administrator", rights=Right.values)
    Grant.objects.create(role=role, person=ann)
    return analyst


@pytest.fixture
def group(ann):
    group = Group.objects.create(name="Second line", addresses="second@desk.example; b@desk.example")
    group.members.add(ann)
    return group


@pytest.fixture
def organisation(uma):
    organisation = Organisation.objects.create(name="Example Ltd")
    organisation.domains.create(domain="example.com")
    uma.organisation = organisation
    uma.save()
    return organisation


@pytest.fixture
def everybody(uma, group, organisation, call):
    add_address(uma, "uma@home.example", by=None)
    return Role.objects.create(name="Reader", rights=["view"])


def text_of(answer):
    return answer.content.decode()


@pytest.mark.parametrize("name", ["people", "groups", "organisations", "roles"])
def test_each_list_is_shown_with_few_queries(analyst, everybody, name, django_assert_max_num_queries):
    with django_assert_max_num_queries(10):
        answer = analyst.get(reverse(f"web:{name}"))
    assert answer.status_code == 200
    assert "Add a" not in text_of(answer)


def test_a_person_is_shown_with_addresses_calls_and_what_they_belong_to(
    analyst, everybody, uma, ann, call, django_assert_max_num_queries
):
    with django_assert_max_num_queries(16):
        page = text_of(analyst.get(reverse("web:person", args=[uma.pk])))
    for words in ("uma@example.com", "uma@home.example", "not verified", "Example Ltd", call.subject):
        assert words in page
    assert "It is theirs" not in page
    page = text_of(analyst.get(reverse("web:person", args=[ann.pk])))
    assert "Second line" in page
    assert "may work on everything, and administer nothing" in page


def test_a_person_shows_no_call_of_a_partition_that_one_may_not_see(analyst, ann, uma, call):
    role = Role.objects.create(name="Nothing", rights=[])
    Grant.objects.create(role=role, person=ann)
    page = text_of(analyst.get(reverse("web:person", args=[uma.pk])))
    assert call.subject not in page


@pytest.mark.parametrize("query", ["uma", "USER", "UMA@Exa", "uma@home", "uma us"])
def test_people_are_found_by_name_and_any_address(analyst, everybody, query):
    page = text_of(analyst.get(reverse("web:people"), {"q": query}))
    assert "Uma User" in page
    assert "Ann Analyst</a></td>" not in page


@pytest.mark.parametrize(
    "asked", [{"q": "x" * 1000}, {"q": "%_'\"<b>"}, {"show": "none"}, {"before": "x"}, {"q": "@"}]
)
def test_odd_searches_find_what_there_is_or_nothing(analyst, everybody, asked):
    assert analyst.get(reverse("web:people"), asked).status_code == 200


def test_the_list_shows_one_kind_of_people(analyst, everybody, uma, ann):
    assert "Uma User" not in text_of(analyst.get(reverse("web:people"), {"show": "analysts"}))
    leave(uma, by=None)
    assert "Uma User" in text_of(analyst.get(reverse("web:people"), {"show": "left"}))
    assert "Uma User" not in text_of(analyst.get(reverse("web:people"), {"show": "users"}))


def test_unknown_senders_and_the_erased_are_in_no_list_and_have_no_page(analyst, db):
    nobody = Person.objects.create(name="Unknown sender", email="")
    assert "Unknown sender" not in text_of(analyst.get(reverse("web:people")))
    assert analyst.get(reverse("web:person", args=[nobody.pk])).status_code == 404


def test_nothing_is_changed_without_the_right_to_administer(analyst, everybody, uma, group, ann):
    row = uma.addresses.get()
    keys = {"pk": uma.pk, "key": row.pk, "person": ann.pk}
    for pattern in people_pages:
        if pattern.name in {"people", "groups", "organisations", "roles"} or pattern.name.count("-") == 0:
            continue
        arguments = {name: keys[name] for name in pattern.pattern.converters}
        answer = analyst.post(reverse(f"web:{pattern.name}", kwargs=arguments), {"name": "x"})
        assert answer.status_code == 403, pattern.name
    assert not uma.changes.exclude(text__startswith="Further").exists()


def test_users_see_none_of_it(user_browser, everybody):
    assert user_browser.get(reverse("web:people")).status_code == 403


def test_a_person_is_recorded_and_changed(administrator, ann, organisation):
    data = {"name": "New One", "email": "New@Bücher.example", "is_user": "on", "available_recipient": "on"}
    answer = administrator.post(reverse("web:person-new"), data)
    person = Person.objects.get(name="New One")
    assert answer["Location"] == reverse("web:person", args=[person.pk])
    assert person.email == "new@xn--bcher-kva.example"
    changed = {"name": "New Two", "is_analyst": "on", "organisation": "Example Ltd"}
    changed |= {"language": "pt-BR", "time_zone": "Europe/Berlin"}
    administrator.post(reverse("web:person-edit", args=[person.pk]), changed)
    person.refresh_from_db()
    assert (person.name, person.is_user, person.is_analyst, person.available_recipient) == (
        "New Two",
        False,
        True,
        False,
    )
    assert (person.organisation, person.language, person.time_zone) == (
        organisation,
        "pt-BR",
        "Europe/Berlin",
    )
    assert [change.by for change in person.changes.all()] == [ann, ann]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "required"),
        ({"name": " "}, "required"),
        ({"email": "x"}, "valid email"),
        ({"language": "German"}, "no language"),
        ({"time_zone": "Mars/Base"}, "no time zone"),
        ({"organisation": "Nobody Ltd"}, "There is no organisation Nobody Ltd"),
        ({"name": "x" * 201}, "200"),
    ],
)
def test_what_is_wrong_about_a_person_is_said_and_nothing_typed_is_lost(administrator, wrong, sentence):
    data = {"name": "Kept name", "email": "kept@example.com", "language": "de", **wrong}
    answer = administrator.post(reverse("web:person-new"), data)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    if "email" not in wrong:
        assert "kept@example.com" in text_of(answer)
    assert not Person.objects.filter(email="kept@example.com").exists()


def test_the_default_group_is_one_of_those_that_somebody_is_in(administrator, ann, uma, group):
    other = Group.objects.create(name="Other")
    address = reverse("web:person-edit", args=[ann.pk])
    data = {"name": ann.name, "is_analyst": "on"}
    assert "Default group" in text_of(administrator.get(address))
    assert "Default group" not in text_of(administrator.get(reverse("web:person-edit", args=[uma.pk])))
    assert administrator.post(address, {**data, "default_group": other.pk}).status_code == 422
    assert administrator.post(address, {**data, "default_group": group.pk}).status_code == 302
    ann.refresh_from_db()
    assert ann.default_group == group


def test_an_address_is_added_verified_put_on_record_and_removed(administrator, uma):
    set_password(uma, "correct horse battery")
    administrator.post(reverse("web:address-add", args=[uma.pk]), {"address": "Uma@Home.example"})
    row = uma.addresses.get()
    assert row.verified_at is None
    for verb in ("record", "verify", "record"):
        administrator.post(reverse(f"web:address-{verb}", args=[uma.pk, row.pk]))
    uma.refresh_from_db()
    assert uma.email == "uma@home.example"
    assert Login.objects.get(person=uma).username == "uma@home.example"
    administrator.post(reverse("web:address-remove", args=[uma.pk, uma.addresses.get().pk]))
    assert not uma.addresses.exists()


def test_an_address_that_somebody_else_signs_in_with_is_not_put_on_record(administrator, uma, ann):
    set_password(uma, "correct horse battery")
    row = add_address(uma, ann.email, by=None, verified=True)
    answer = administrator.post(reverse("web:address-record", args=[uma.pk, row.pk]), follow=True)
    assert f"Somebody else signs in as {ann.email} already." in text_of(answer)
    uma.refresh_from_db()
    assert uma.email == "uma@example.com"


@pytest.mark.parametrize("address", ["", "x", "uma@example.com", "a@b"])
def test_what_is_no_new_address_is_refused_with_a_sentence(administrator, uma, address):
    answer = administrator.post(reverse("web:address-add", args=[uma.pk]), {"address": address})
    assert answer.status_code == 422
    assert "errorlist" in text_of(answer)


def test_an_address_of_another_person_is_not_changed(administrator, uma, ann):
    row = add_address(uma, "uma@home.example", by=None)
    assert administrator.post(reverse("web:address-remove", args=[ann.pk, row.pk])).status_code == 404


def test_somebody_leaves_and_comes_back(administrator, uma):
    administrator.post(reverse("web:person-leave", args=[uma.pk]))
    uma.refresh_from_db()
    assert not uma.active
    page = text_of(administrator.post(reverse("web:person-leave", args=[uma.pk]), follow=True))
    assert "has left already" in page
    administrator.post(reverse("web:person-return", args=[uma.pk]))
    uma.refresh_from_db()
    assert uma.active


@pytest.mark.parametrize(
    ("addresses", "email_analysts", "goes_to"),
    [
        ("second@desk.example; b@desk.example", False, ["second@desk.example", "b@desk.example"]),
        ("second@desk.example", True, ["second@desk.example", "ann@desk.example"]),
        ("", True, ["ann@desk.example"]),
        ("", False, []),
    ],
)
def test_a_group_tells_where_its_mail_goes(analyst, group, addresses, email_analysts, goes_to):
    group.addresses, group.email_analysts = addresses, email_analysts
    group.save()
    page = text_of(analyst.get(reverse("web:group", args=[group.pk])))
    told = page.partition("So mail for the group goes to")[2].partition("</section>")[0]
    for address in ("second@desk.example", "b@desk.example", "ann@desk.example"):
        assert (address in told) == (address in goes_to)
    assert ("Nobody" in told) == (not goes_to)


def test_a_group_tells_who_of_it_gets_no_mail(analyst, group, ann):
    ann.available_recipient = False
    ann.save()
    Group.objects.update(email_analysts=True, addresses="")
    page = text_of(analyst.get(reverse("web:group", args=[group.pk])))
    assert "no analyst in it can get mail" in page
    assert "Not to Ann Analyst" in page


def test_a_group_is_made_changed_and_joined(administrator, ann, uma):
    administrator.post(
        reverse("web:group-new"), {"name": "Third line", "addresses": "A@desk.example, b@x.example"}
    )
    group = Group.objects.get()
    assert group.addresses == "A@desk.example; b@x.example"
    members = reverse("web:member-add", args=[group.pk])
    administrator.post(members, {"address": "ANN@desk.example"})
    assert list(group.members.all()) == [ann]
    for address, sentence in (
        ("ann@desk.example", "already"),
        (uma.email, "No active Analyst"),
        ("", "required"),
        ("nobody", "No active Analyst"),
    ):
        answer = administrator.post(members, {"address": address})
        assert answer.status_code == 422
        assert sentence in text_of(answer)
    administrator.post(reverse("web:member-remove", args=[group.pk, ann.pk]))
    assert not group.members.exists()


@pytest.mark.parametrize(
    "data", [{"name": ""}, {"name": "Second line"}, {"name": "x", "addresses": "a@b; c"}]
)
def test_what_is_wrong_about_a_group_is_refused(administrator, group, data):
    assert administrator.post(reverse("web:group-new"), data).status_code == 422
    assert Group.objects.count() == 1


def test_an_organisation_is_made_with_domains_and_changed(administrator, uma):
    administrator.post(
        reverse("web:organisation-new"), {"name": "Example Ltd", "domains": "Example.com\n@bücher.example"}
    )
    organisation = Organisation.objects.get()
    assert [str(one) for one in organisation.domains.all()] == ["example.com", "xn--bcher-kva.example"]
    edit = reverse("web:organisation-edit", args=[organisation.pk])
    assert "xn--bcher-kva.example" in text_of(administrator.get(edit))
    administrator.post(edit, {"name": "Example Inc", "domains": "example.com"})
    assert [str(one) for one in organisation.domains.all()] == ["example.com"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"name": "Other", "domains": "example.com"}, "is a domain of Example Ltd"),
        ({"name": "Other", "domains": "a b@c"}, "is no domain"),
        ({"name": "Example Ltd", "domains": ""}, "already exists"),
    ],
)
def test_what_is_wrong_about_an_organisation_is_said(administrator, organisation, data, sentence):
    answer = administrator.post(reverse("web:organisation-new"), data)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert Organisation.objects.count() == 1


def test_a_role_is_made_given_and_taken_away(administrator, group, uma, partition):
    bob = Person.objects.create(name="Bob", email="bob@desk.example", is_analyst=True)
    administrator.post(reverse("web:role-new"), {"name": "Reader", "rights": ["view", "update"]})
    role = Role.objects.get(name="Reader")
    assert role.rights == ["view", "update"]
    give = reverse("web:role-give", args=[role.pk])
    administrator.post(give, {"holder": "Second line", "partition": ""})
    administrator.post(give, {"holder": "bob@desk.example", "partition": partition.pk})
    assert {str(one) for one in role.grants.all()} == {
        "Reader in all partitions for Second line",
        "Reader in IT for Bob",
    }
    assert bob.changes.get().text == "Given the role Reader in IT."
    for data in (
        {"holder": "bob@desk.example", "partition": partition.pk},
        {"holder": uma.email},
        {"holder": "No group"},
        {"holder": ""},
        {"holder": "Second line", "partition": 999},
    ):
        assert administrator.post(give, data).status_code == 422, data
    assert role.grants.count() == 2
    grant = role.grants.get(person=bob)
    administrator.post(reverse("web:role-take-away", args=[role.pk, grant.pk]))
    assert not role.grants.filter(person=bob).exists()
    assert administrator.get(reverse("web:role", args=[role.pk])).status_code == 200


def test_a_role_has_no_right_that_there_is_not(administrator):
    answer = administrator.post(reverse("web:role-new"), {"name": "Odd", "rights": ["fly"]})
    assert answer.status_code == 422
    assert not Role.objects.filter(name="Odd").exists()
