"""HTTP: one way to build an application, refuse, authenticate and read a body."""
