"""How people put a request: openings, quotation marks, courtesies, typing habits."""
