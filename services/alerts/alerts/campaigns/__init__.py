"""Clearance campaigns (清零) over HTTP."""
