"""What judges and organisers do in a panel round."""
