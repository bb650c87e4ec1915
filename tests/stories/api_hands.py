"""The same hands over the JSON API: people with their tokens, devices with their own credentials."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from flask.testing import FlaskClient

from engine import clock
from web.demo.furnish import DEVICE_SECRET
from web.demo.people import PEOPLE

KEYS = (f"story-key-{n:08}" for n in itertools.count(1))


class ApiHands:
    """Acts sent as requests; anything but success fails the story with the problem that was answered."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client
        self._passwords = {person.roles[0]: person.password for person in reversed(PEOPLE)}
        self._logins = {person.roles[0]: person.login for person in reversed(PEOPLE)}
        self._tokens: dict[str, str] = {}

    def send(self, path: str, body: Mapping[str, Any], credentials: str) -> dict[str, Any]:
        """One act."""
        headers = {"Authorization": credentials, "Idempotency-Key": next(KEYS)}
        response = self._client.post(f"/api/v1{path}", json=body, headers=headers)
        answer: dict[str, Any] = response.get_json()
        assert response.status_code < 300, f"{path} {body} -> {answer}"
        return answer

    def token(self, role: str) -> str:
        """The bearer token of the person of a role, who signs in when first asked for."""
        if role not in self._tokens:
            signing_in = {"login": self._logins[role], "password": self._passwords[role]}
            self._tokens[role] = self.send("/session", signing_in, "")["token"]
        return f"Bearer {self._tokens[role]}"

    def issue(self, batch: str, recipe_id: str, order: Mapping[str, str]) -> Any:
        """Start a batch from an order."""
        body = {"batch_id": batch, "recipe_id": recipe_id, "order": order, "password": self._passwords["MFG_SUP"]}
        return self.send("/batches", body, self.token("MFG_SUP"))

    def start(self, role: str, batch: str, key: str) -> Any:
        """Start a step."""
        return self.send(f"/batches/{batch}/tasks/{key}/start", {}, self.token(role))

    def scan(self, role: str, batch: str, key: str, code: str) -> Any:
        """Scan a code."""
        return self.send(f"/batches/{batch}/tasks/{key}/scans", {"code": code}, self.token(role))

    def read(self, device: str, batch: str, step: str, parameter: str, text: str, uom: str) -> str:
        """A device measures now."""
        body = {
            "step_id": step, "parameter_id": parameter, "text": text, "uom": uom, "measured_at": clock.text(clock.now()),
        }  # fmt: skip
        return str(self.send(f"/batches/{batch}/readings", body, f"Device {device}:{DEVICE_SECRET}")["reading"])

    def record(self, role: str, batch: str, key: str, entries: Mapping[str, str], readings: Mapping[str, str]) -> Any:
        """Accept readings, then record what is typed."""
        at = f"/batches/{batch}/tasks/{key}"
        if readings:
            self.send(f"{at}/readings", {"readings": readings}, self.token(role))
        if entries:
            self.send(f"{at}/values", {"entries": entries}, self.token(role))

    def sign(
        self, role: str, batch: str, key: str, meaning: str, comments: Mapping[str, str], verification: Mapping[str, str] | None
    ) -> Any:
        """Sign in the slot of a role."""
        body: dict[str, Any] = {"meaning": meaning, "password": self._passwords[role], "comments": comments}
        if verification is not None:
            body["verification"] = verification
        return self.send(f"/batches/{batch}/tasks/{key}/signatures", body, self.token(role))
