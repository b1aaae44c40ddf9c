"""Followers of jobs: programs and pages, over WebSockets."""
