"""The guards of SQL, store and web, and the test that fails without each of them.

`guard.py` says what a guard is, `listed.py` names them all, `trial.py` takes one away in a
copy and looks whether its test notices, `page.py` writes the table of `tests/README.md`.
"""
