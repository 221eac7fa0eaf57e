"""For WSGI servers other than our own: `app` over the settings of the environment.

The jobs run in a thread of each process; one of them works at a time. ./baohan serve does all this
by itself.
"""

import threading

from app.adapters.assemble import house_for_ever
from app.jobs.worker import Turn
from app.processes.web import application, lanes_of

house = house_for_ever()
lanes = lanes_of(house)
app = application(house, lanes)
turn = Turn(house.settings.data / "jobs.lock")
for lane in lanes:
    threading.Thread(target=lane.run, args=(threading.Event(), turn), daemon=True).start()
