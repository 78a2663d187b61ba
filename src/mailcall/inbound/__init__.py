"""From a mailbox to a change of the desk: collect, decide, act."""
