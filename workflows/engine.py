"""Runs a graph. Knows no job and no database: it tells a `Host` what happens."""

from workflows.host import EdgeState, Host, NodeError, NodeFields, Outcome, Status

__all__ = ("EdgeState", "Host", "NodeError", "NodeFields", "Outcome", "Status")
