"""Cases of Istio's unit tests as git trees, and what meshc makes of them beside what istiod made."""
