"""Code that the pages of the PyTorch Fundamentals Guide show and that readers may copy."""
