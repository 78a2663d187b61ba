"""The addresses of all pages."""

from django.urls import URLPattern, URLResolver, include, path

from mailcall.config import config
from mailcall.web.access import public
from mailcall.web.people_urls import people_pages
from mailcall.web.views import (
    accounts,
    approvals,
    calls,
    changes,
    confirming,
    deciding,
    delegations,
    entries,
    errors,
    health,
    held,
    joining,
    mails,
    messages,
    requests,
    retention,
    signing_in,
    subjects,
    tasks,
    trial,
)

pages = [
    path("", signing_in.home, name="home"),
    path("sign-in/", public(signing_in.SignInView.as_view()), name="sign-in"),
    path("sign-out/", signing_in.SignOutView.as_view(), name="sign-out"),
    path("healthz", public(health.healthz), name="healthz"),
    path("readyz", public(health.readyz), name="readyz"),
    path("calls/", calls.index, name="calls"),
    path("calls/<int:number>/", calls.show, name="call"),
    path("calls/<int:number>/news/", calls.news, name="call-news"),
    path("calls/<int:number>/note/", changes.note, name="call-note"),
    path("calls/<int:number>/reply/", changes.reply, name="call-reply"),
    path("calls/<int:number>/close/", changes.close, name="call-close"),
    path("calls/<int:number>/resolve/", changes.resolve, name="call-resolve"),
    path("calls/<int:number>/reopen/", changes.reopen, name="call-reopen"),
    path("calls/<int:number>/do/<str:action>/", changes.do, name="call-do"),
    path("calls/<int:number>/lock/", changes.lock, name="call-lock"),
    path("calls/<int:number>/join/", joining.join, name="call-join"),
    path("calls/<int:number>/unlink/<int:other>/", joining.unlink, name="call-unlink"),
    path("calls/<int:number>/split/<int:pk>/", joining.split, name="call-split"),
    path("calls/<int:number>/tasks/new/", joining.new_task, name="call-task-new"),
    path("calls/<int:number>/participants/", changes.add_participant, name="participant-add"),
    path(
        "calls/<int:number>/participants/<int:pk>/remove/",
        changes.remove_participant,
        name="participant-remove",
    ),
    path("calls/<int:number>/links/<int:pk>/", changes.decide_link, name="link-decide"),
    path("requests/", requests.index, name="requests"),
    path("requests/new/", requests.new, name="request-new"),
    path("requests/<int:number>/", requests.show, name="request"),
    path("requests/<int:number>/do/<str:action>/", requests.do, name="request-do"),
    path("requests/<int:number>/tasks/new/", requests.new_task, name="request-task-new"),
    path("tasks/", tasks.index, name="tasks"),
    path("tasks/<int:number>/", tasks.show, name="task"),
    path("tasks/<int:number>/do/<str:action>/", tasks.do, name="task-do"),
    path("tasks/<int:number>/approvals/<int:pk>/withdraw/", tasks.withdraw, name="approval-withdraw"),
    path("approvals/", approvals.index, name="approvals"),
    path("approvals/<int:number>/", approvals.show, name="approval"),
    path("decide/<str:token>/", public(deciding.show), name="decide"),
    path("delegations/", delegations.index, name="delegations"),
    path("delegations/<int:pk>/revoke/", delegations.end, name="delegation-revoke"),
    path("entries/<int:pk>/as-sent/", entries.as_sent, name="entry-as-sent"),
    path("entries/<int:pk>/text/", entries.text, name="entry-text"),
    path("attachments/<int:pk>/", entries.attachment, name="attachment"),
    path("inline/<str:token>/", public(entries.inline_image), name="inline-image"),
    path("mails/", mails.index, name="mails"),
    path("mails/<int:pk>/", mails.show, name="mail"),
    path("mails/<int:pk>/raw/", mails.raw, name="mail-raw"),
    path("mails/<int:pk>/today/", mails.today, name="mail-today"),
    path("mails/<int:pk>/replay/", mails.replay, name="mail-replay"),
    path("mails/<int:pk>/retry/", held.retry, name="mail-retry"),
    path("mails/<int:pk>/discard/", held.discard, name="mail-discard"),
    path("mails/<int:pk>/undo-discard/", held.undo_discard, name="mail-undo-discard"),
    path("held/", held.index, name="held"),
    path("held/retry/", held.retry_all, name="held-retry-all"),
    path("trial/", trial.index, name="trials"),
    path("trial/<int:pk>/", trial.show, name="trial"),
    path("trial/<int:pk>/run/", trial.run, name="trial-run"),
    path("trial/<int:pk>/save/", trial.save, name="trial-save"),
    path("messages/", messages.index, name="messages"),
    path("messages/<int:pk>/", messages.show, name="message"),
    path("messages/<int:pk>/as-sent/", messages.as_sent, name="message-as-sent"),
    path("messages/<int:pk>/raw/", messages.raw, name="message-raw"),
    path("deliveries/<int:pk>/", messages.operate, name="delivery-operate"),
    *people_pages,
    path("subjects/", subjects.index, name="subjects"),
    path("accounts/", accounts.index, name="accounts"),
    path("confirm/<str:token>/", public(confirming.by_token), name="confirm"),
    path("confirmations/", confirming.index, name="confirmations"),
    path("confirmations/<int:pk>/", confirming.signed_in, name="confirmation"),
    path("retention/", retention.index, name="retention"),
]

urlpatterns: list[URLPattern | URLResolver] = [path("", include((pages, "web")))]
if config().demo:
    urlpatterns.append(path("sandbox/", include("mailcall.sandbox.urls")))

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error
