"""Who may like what: three independent opinions (collaborative, content based, popularity) on the same interactions."""
