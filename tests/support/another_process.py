"""Another web process: takes requests from its input line by line, answers each with a line.

A request is `[who, path, data]`; `who` keeps a session of their own. Run as
`python -m tests.support.another_process`.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict


def serve() -> None:
    import django
    from django.test import Client

    django.setup()
    clients: defaultdict[str, Client] = defaultdict(Client)
    for line in sys.stdin:
        who, path, data = json.loads(line)
        answer = clients[who].post(path, data, headers={"Host": "localhost"})
        said = {
            "status": answer.status_code,
            "to": answer.headers.get("Location", ""),
            "text": answer.content.decode(),
            "signed_in": "_auth_user_id" in clients[who].session,
        }
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
