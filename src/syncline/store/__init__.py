"""Where everything lives: operations are plain blocking functions over a transaction, databases run them."""
