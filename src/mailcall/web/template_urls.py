"""The addresses of the pages of message types, templates and layouts."""

from django.urls import path

from mailcall.web.views import layouts, message_types, templates

template_pages = [
    path("message-types/", message_types.index, name="message-types"),
    path("message-types/<int:code>/", message_types.show, name="message-type"),
    path("message-types/<int:code>/name/", message_types.rename, name="message-type-name"),
    path("message-types/<int:code>/built-in/", message_types.built_in, name="message-type-built-in"),
    path("message-types/<int:code>/templates/new/", templates.new, name="template-new"),
    path("message-types/rules/<int:pk>/remove/", message_types.remove_rule, name="template-rule-remove"),
    path("message-types/templates/<int:pk>/", templates.show, name="template"),
    path("message-types/templates/<int:pk>/preview/", templates.preview, name="template-preview"),
    path("message-types/templates/<int:pk>/test/", templates.test, name="template-test"),
    path("message-types/templates/<int:pk>/layout/", templates.lay_out, name="template-layout"),
    path("message-types/templates/<int:pk>/remove/", templates.remove, name="template-remove"),
    path("message-types/templates/<int:pk>/files/", templates.add_file, name="template-file-add"),
    path(
        "message-types/templates/files/<int:pk>/remove/", templates.remove_file, name="template-file-remove"
    ),
    path("message-types/templates/versions/<int:pk>/", templates.compare, name="template-version"),
    path("message-types/templates/versions/<int:pk>/back/", templates.back, name="template-back"),
    path("message-types/layouts/", layouts.index, name="layouts"),
    path("message-types/layouts/new/", layouts.new, name="layout-new"),
    path("message-types/layouts/<int:pk>/", layouts.edit, name="layout"),
]
