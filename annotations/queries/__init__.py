"""Reads of the judging.

On whose behalf a query reads is said by what it takes; so it is in the queries of every app:

- `actor`, where the answer depends on the person: what is their own, what lies in several studies,
  and what a role may see that the caller cannot check.
- `study`, `member` or their ids, or a row that such a query returned: the caller has checked that
  the actor may see it, by `page` on pages, `self.study` in the API, `require` in services.
  An id from an address is looked up together with `study_id`, so that a role in one study opens
  nothing in another.
- Neither: reads of the system for timers, commands and backups. No page or API asks them. What
  pages ask of this kind is listed in `tests/guards/test_queries.py`, each with the reason.
"""
