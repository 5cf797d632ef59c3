"""Feature groups over HTTP: reading as of a moment, validated ingest, and the registry; see api.py."""
