"""Parts of ci/against-istiod."""
