"""Code that every app uses and no app owns: identifiers, refusals, actors, transitions, jobs."""
