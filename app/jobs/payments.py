"""The job "order_payment": the bank is told; its notice does the rest."""

from app.house import House
from guarantees.flow import pay
from guarantees.records.outbox import Message


def order_payment(house: House, message: Message) -> None:
    """Order one premium; nothing if it is settled or has failed meanwhile. `Unavailable`."""
    with house.sessions.reading() as session:
        order = pay.order_for_bank(session, message.arguments["case"])
    if order is not None:
        house.gateway.order(order)
