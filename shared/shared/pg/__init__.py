"""PostgreSQL: two pools, translated faults, named statements, migrations."""
