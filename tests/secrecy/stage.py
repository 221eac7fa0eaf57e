"""python -m tests.secrecy.stage: the people of the play, and what they offer, by the flows.

Runs as the web process's user beside it, as the loading of the demonstration does.
"""

from app.adapters.assemble import assembled
from app.demo import cast, offers, people
from app.demo.secrets import DemoSecrets
from app.demo.stage import Stage
from app.processes import child, run_file
from app.processes.places import Places
from app.settings import read
from tests.secrecy import facts


def main() -> None:
    child.begin("stage")
    settings = read()
    chosen = tuple(
        one
        for one in (facts.SUPPLIER, *cast.organisations())
        if {one.key, one.name} & {facts.SUPPLIER.key, *facts.ORGANISATIONS}
    )
    cast.organisations = lambda: chosen  # type: ignore[assignment]  # a cached function
    with assembled(settings, run_file.read(Places(settings).run_file)) as house:
        stage = Stage(house, DemoSecrets.of(settings.data))
        people.found_all(stage)
        people.make_opening_keys(stage)
        offers.publish_all(stage)


if __name__ == "__main__":
    main()
