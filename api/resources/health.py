"""A sign of life for whoever watches the server; it says nothing of any record."""

from __future__ import annotations

import marshmallow as ma
from sqlalchemy import text

from api.auth import PUBLIC, allow
from api.fields import answer
from api.resource import Resource, site
from engine import clock

health = Resource("health", "Is the server alive, and what time does it take to be the present.")

Health = answer(
    "Health",
    status=ma.fields.String(),
    time=ma.fields.String(metadata={"description": "The server's time; the record's time is this"}),
    simulated_time=ma.fields.Boolean(metadata={"description": "True on a demo or test site whose clock was moved"}),
)


@health.reads("/health", Health)
@allow(PUBLIC)
def sign_of_life() -> dict:
    """Sign of life

    Answers as long as the database answers.
    """
    with site().engine.connect() as db:
        db.execute(text("SELECT 1"))
    return {"status": "ok", "time": clock.text(clock.now()), "simulated_time": clock.is_simulated()}
