// The TerminalUI target.
