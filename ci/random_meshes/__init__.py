"""Random Istio objects over the Kubernetes objects of a recording, for comparing meshc with a real istiod (ci/against-istiod).

A seed gives the same mesh for ever: the order of draws is part of what a seed means, so a new draw goes behind all others.
"""
