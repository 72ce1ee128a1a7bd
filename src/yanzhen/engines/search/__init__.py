"""Full text in Chinese: every substring of two and more characters is found, in the reader's reach, newest first."""
