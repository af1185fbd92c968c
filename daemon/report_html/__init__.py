"""The report a person reads: from a replay's files to one self-contained page of HTML."""
