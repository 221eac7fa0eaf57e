"""Who acts before anybody is signed in."""

from guarantees.values.actor import Actor

VISITOR = Actor(person_id="", name="", organisation_id="", organisation_role="public")
"""A visitor: may do what the permission table opens to everybody."""
