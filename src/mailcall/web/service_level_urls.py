"""The addresses of the pages of service levels."""

from django.urls import path

from mailcall.web.views import service_levels as views

service_level_pages = [
    path("service-levels/", views.index, name="service-levels"),
    path("service-levels/changes/", views.changes, name="service-level-changes"),
    path("service-levels/agreements/new/", views.agreement, name="agreement-new"),
    path("service-levels/agreements/<int:pk>/", views.agreement, name="agreement"),
    path("service-levels/agreements/<int:pk>/remove/", views.remove_agreement, name="agreement-remove"),
    path("service-levels/calendars/new/", views.calendar, name="calendar-new"),
    path("service-levels/calendars/<int:pk>/", views.calendar, name="calendar"),
    path("service-levels/calendars/<int:pk>/remove/", views.remove_calendar, name="calendar-remove"),
    path("service-levels/issue-types/<int:pk>/", views.issue_type, name="issue-type-analysts"),
]
