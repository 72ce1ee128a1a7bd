"""What is done to seats and rosters, a module for each noun."""
