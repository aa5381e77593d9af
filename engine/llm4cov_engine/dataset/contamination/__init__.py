"""Whether designs to train on resemble those to be judged by: ROUGE-L over files (paper, section 5)."""
