"""Database reads of this app.

The arguments of a query show on whose behalf it reads, as in the queries of every app:

- `actor`: the result depends on the person, such as their own rows, rows of several studies, or
  rows that need a role which the caller cannot check.
- `study`, `member`, their ids, or a row that such a query returned: the caller has checked that the
  actor may see it, by `page` on pages, `self.study` in the API, and `require` in services. An id
  from an address is always filtered by `study_id`, so that a role in one study gives no access to
  another.
- Neither: reads of the system for timers, commands and backups. Pages and the API do not use them,
  except for those that `tests/guards/test_queries.py` lists with the reason.
"""
