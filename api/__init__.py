"""JSON over HTTP: one request, one act or one reading of the record. No rule of the domain lives here."""
