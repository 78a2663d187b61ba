"""How people work with the desk: the pages."""
