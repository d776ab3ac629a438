"""Tables and figures of the papers, each one command on the user's own prepared data set."""
