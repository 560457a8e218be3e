"""The statements of the casebook."""
