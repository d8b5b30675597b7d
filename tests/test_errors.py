import pytest

from jobs.errors import BadDataError, NocturneError, NoInputError, UsageError


@pytest.mark.parametrize(
    ("error", "code"), [(NocturneError, 1), (UsageError, 2), (BadDataError, 65), (NoInputError, 66)]
)
def test_exit_codes_are_those_of_sysexits(error, code):
    assert error.exit_code == code
    assert issubclass(error, NocturneError)
