"""What every app leans on and no app owns: identifiers, refusals, actors, transitions, jobs."""
