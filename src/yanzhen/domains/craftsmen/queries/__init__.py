"""What is asked about craftsmen, a module for each noun."""
