"""Preset policies as YAML; every number names its source."""
