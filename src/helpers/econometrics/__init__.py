"""Panel models, inference that respects few clusters, specification curves and what-if arithmetic.

The estimators come from linearmodels; this package fixes the conventions, adds what linearmodels does not have (more
than two absorbed effects, the wild cluster bootstrap, Hausman and Mundlak tests, specification curves) and refuses what
cannot be estimated.

Conventions, the same everywhere
--------------------------------
* Clustered covariances carry G/(G-1) x (n-1)/(n-k); absorbed effects are not counted in k.
* With clusters, t statistics are compared with Student's t on G-1 degrees of freedom, G the smaller number of clusters.
* Driscoll-Kraay covariances use a Bartlett kernel and T-1 degrees of freedom.
"""
