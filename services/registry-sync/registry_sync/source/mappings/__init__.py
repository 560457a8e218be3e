"""How each source's columns and words are read, one YAML file a source."""
