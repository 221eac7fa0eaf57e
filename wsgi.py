"""For WSGI servers other than our own: `app` over the settings of the environment.

The jobs and the log run in threads of each process; one of them works at a time. ./baohan serve
does all this by itself.
"""

import threading

from app.adapters.assemble import house_for_ever
from app.jobs.sequencer import Sequencer
from app.jobs.worker import Turn
from app.processes.web import application, lanes_of

house = house_for_ever()
lanes = lanes_of(house)
app = application(house, lanes)
turn = Turn(house.settings.data / "jobs.lock")
for run in (*(lane.run for lane in lanes), Sequencer(house).run):
    threading.Thread(target=run, args=(threading.Event(), turn), daemon=True).start()
