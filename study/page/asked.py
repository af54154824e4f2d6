"""What a request says of who asks, believed only where it has the shape of what the page sends."""

import re
from collections.abc import Mapping
from typing import Any

from study.database.rows import Recruiter, Visitor
from study.protocol.codes import tidy
from study.protocol.refusals import refused

_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,128}")
_LOOK = re.compile(r"[A-Za-z0-9_-]{16,64}")
_RECRUITER = re.compile(r"[\x21-\x7e]{1,100}")
_PLACEHOLDER = re.compile(r"[{}]|^\$|^%.*%$|^\[.*\]$|^<.*>$")  # as in {{%PROLIFIC_PID%}}


def field(request: Any, name: str) -> Any:
    """Return a field of a request, None where it is lacking; refuse what is no object."""
    if not isinstance(request, Mapping):
        raise refused("not_ours")
    return request.get(name)


def who(request: Any, names: tuple[str, str, str]) -> Visitor:
    """Return the browser's secret, what the recruiter's link said, and the access code, checked."""
    token = field(request, "token")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise refused("not_ours")
    given = field(request, "recruiter") or {}
    parts = {name: field(given, name) for name in names}
    for name, value in parts.items():
        if value is not None and not (isinstance(value, str) and _RECRUITER.fullmatch(value)):
            raise refused("parameter", name=name)
        if value is not None and _PLACEHOLDER.search(value):
            raise refused("placeholder", name=name)
    recruiter = None
    person, study, session = (parts[name] for name in names)
    if person is not None:
        recruiter = Recruiter(person, study, session)
    return Visitor(token, recruiter, tidy(field(request, "code")))


def look_name(request: Any) -> str | None:
    """Return the random name of a showing, or None where it is none."""
    look = field(request, "look")
    return look if isinstance(look, str) and _LOOK.fullmatch(look) else None
