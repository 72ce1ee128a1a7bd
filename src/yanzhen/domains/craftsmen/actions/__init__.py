"""What is done about craftsmen, a module for each noun."""
