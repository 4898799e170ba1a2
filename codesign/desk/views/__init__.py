"""Views of home pages, setting up a study, and the studies of the site."""
