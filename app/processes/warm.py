"""What the first readers after a start would otherwise wait for, done before there are any."""

import gc

from flask import Flask
from sqlalchemy.orm import configure_mappers

PAGES = ("base.html", "components/", "errors/", "portals/", "public/")
"""Templates that pages are made of, by the beginning of their names; letters are the signer's."""


def warm(app: Flask) -> None:
    """Compile what pages are made of, and keep it out of the garbage collector's way.

    Takes about a second. Call it before threads start.
    """
    configure_mappers()
    for name in app.jinja_env.list_templates(filter_func=lambda name: name.startswith(PAGES)):
        app.jinja_env.get_template(name)
    # Some 200,000 objects of code and tables stay for ever: a collection that went through them
    # again would hold up whatever page it falls into for a tenth of a second.
    gc.collect()
    gc.freeze()
    # A page of 200 rows makes 100,000 objects and drops them at its end: looking for cycles among
    # them after every 700 takes a tenth of its time.
    gc.set_threshold(20_000, 20, 50)
