"""Speed, growth and quality of the neighbors."""
