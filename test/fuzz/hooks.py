"""What no schema can say, told to Schemathesis: a search follows a grammar of its own, and a cursor is made by the service.

A request that is meant to be good gets a good search and no cursor; what is meant to be bad stays as it is.
"""

import schemathesis

SEARCHES = [
    "",
    "agent",
    "time>-24h",
    '"two words" OR NOT x',
    "a AND (b OR c*)",
]


@schemathesis.hook
def before_call(context, case, kwargs):
    mode = case.meta.generation.mode if case.meta is not None else None
    if mode is None or not mode.is_positive or not isinstance(case.query, dict):
        return
    case.query.pop("cursor", None)
    case.query.pop("after", None)
    if "q" in case.query:
        case.query["q"] = SEARCHES[len(str(case.query["q"])) % len(SEARCHES)]
