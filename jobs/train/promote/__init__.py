"""Whether the night's model goes out. No TensorFlow here: the decision is a comparison of arrays."""
