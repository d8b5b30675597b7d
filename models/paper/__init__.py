"""The paper's network of one listener, a better one, and how both are measured."""
