"""New parts of the project: files that build at once, or a refusal in words and nothing written."""
