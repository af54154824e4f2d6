"""What is refused to a participant: a sentence that a study can have in its own language."""

from study.errors import RefusedError
from study.protocol.english import ENGLISH


def refused(key: str, **values: object) -> RefusedError:
    """Return the error to raise; its text is the English one.

    Parameters
    ----------
    key
        Which sentence of `ENGLISH["refused"]`.
    values
        What stands in its braces.

    Examples
    --------
    >>> str(refused("choose", pictures=3))
    'Choose one of the pictures 1 to 3.'
    """
    return RefusedError(ENGLISH["refused"][key].format(**values), key=key, values=values)
