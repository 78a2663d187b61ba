"""What the service needs of the machine."""

import resource

from mailcall.service.messaging import allow_descriptors


def test_the_service_may_watch_more_mailboxes_than_a_process_has_files_open_by_default() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        allow_descriptors()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 1_024 or hard <= 1_024
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] == hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
