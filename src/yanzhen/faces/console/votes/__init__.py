"""The network vote for its organiser: turnout, the result when it is over, and what looks arranged."""
