"""What goes before and beside the marks: calibration of the judges, and double entry of paper sheets."""
