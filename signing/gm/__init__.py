"""Chinese algorithms (国密): SM2 (GB/T 32918), SM3 (GB/T 32905), as a profile of letters."""
