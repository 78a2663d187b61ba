"""The addresses of the pages about people."""

from django.urls import path

from mailcall.web.views import groups, organisations, people, roles

people_pages = [
    path("people/", people.index, name="people"),
    path("people/new/", people.new, name="person-new"),
    path("people/<int:pk>/", people.show, name="person"),
    path("people/<int:pk>/edit/", people.edit, name="person-edit"),
    path("people/<int:pk>/leave/", people.change, {"verb": "leave"}, name="person-leave"),
    path("people/<int:pk>/return/", people.change, {"verb": "return"}, name="person-return"),
    path("people/<int:pk>/addresses/", people.add_address, name="address-add"),
    *(
        path(
            f"people/<int:pk>/addresses/<int:key>/{verb}/",
            people.change_address,
            {"verb": verb},
            name=f"address-{verb}",
        )
        for verb in ("verify", "record", "remove")
    ),
    path("people/groups/", groups.index, name="groups"),
    path("people/groups/new/", groups.new, name="group-new"),
    path("people/groups/<int:pk>/", groups.show, name="group"),
    path("people/groups/<int:pk>/edit/", groups.edit, name="group-edit"),
    path("people/groups/<int:pk>/members/", groups.add_member, name="member-add"),
    path("people/groups/<int:pk>/members/<int:person>/", groups.remove_member, name="member-remove"),
    path("people/organisations/", organisations.index, name="organisations"),
    path("people/organisations/new/", organisations.new, name="organisation-new"),
    path("people/organisations/<int:pk>/", organisations.show, name="organisation"),
    path("people/organisations/<int:pk>/edit/", organisations.edit, name="organisation-edit"),
    path("people/roles/", roles.index, name="roles"),
    path("people/roles/new/", roles.new, name="role-new"),
    path("people/roles/<int:pk>/", roles.show, name="role"),
    path("people/roles/<int:pk>/edit/", roles.edit, name="role-edit"),
    path("people/roles/<int:pk>/grants/", roles.give, name="role-give"),
    path("people/roles/<int:pk>/grants/<int:key>/", roles.take_away, name="role-take-away"),
]
