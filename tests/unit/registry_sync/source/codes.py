"""Made-up credit codes whose check digits fit."""

from stdnum.cn import uscc


def a_code(number: int) -> str:
    """Return the credit code of a made-up institution."""
    body = f"92510104MA6{number:06d}"
    return body + uscc.calc_check_digit(body)
