"""Pages about models; nobody who judges can open one."""
