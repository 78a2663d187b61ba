"""Many clocks that are due in the same moment fire within a minute, once, whoever is killed meanwhile."""

from pathlib import Path

import pytest

from installations import ON_POSTGRESQL, installation
from service.many_clocks import load_into, new_desk, seconds_until_fired
from service.test_distributed_workers import three


@pytest.mark.long
@pytest.mark.timeout(900)
def test_thousands_of_clocks_fire_within_the_minute_once_though_workers_are_killed(tmp_path: Path) -> None:
    with installation(tmp_path / "installation") as made:
        new_desk(made)
        load_into(made, 10_000)
        if ON_POSTGRESQL:
            with three(made, tmp_path) as workers:
                seconds = seconds_until_fired(workers, 10_000, kills=2)
        else:
            seconds = seconds_until_fired([made], 10_000, kills=2)
    print(f"{seconds:.0f} s")  # noqa: T201
    assert seconds < 60
