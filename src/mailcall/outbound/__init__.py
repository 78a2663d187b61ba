"""From an event to a mail handed over: notify, render, deliver. The message table is the only door."""
