"""What users configure: flag over environment over project file over user file."""
