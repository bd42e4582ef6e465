"""Where each equation and figure of the paper is.

====================================================  ==========================================
(1)   the change of a linear score                    linear.worst_step_in_box
(2)   when a feature is useful under attack           linear.usefulness_in_box
(3)   Bernstein polynomials                           polynomials.bernstein_features
(4)   max margin in the Bernstein basis               maxmargin.fit
(5)   its classifier of two samples, f_n              polynomials.bernstein_classifier
(6)   max margin in the shifted Chebyshev basis       maxmargin.fit
(7)   its classifier of two samples, g_n              polynomials.chebyshev_classifier
(8)   optimal training points                         optimal.optimal_objective
(9)   hard training points of a network               objectives.hard_objective
      the ascent that finds them                      directions.moved
      the training on them                            training.update
(10)  adversarial examples                            objectives.adversarial_objective
(11)  hard points under the hinge loss                optimal.mean_self_loss
(12)  hard points of Chebyshev polynomials            polynomials.hard_objective
      the points themselves                           polynomials.hard_points
Figure 1   f_n against g_n                            figures.figures_1_2_3.figure_1
Figure 2   max margin on two grids                    figures.figures_1_2_3.figure_2
           the grids E_m and C_m                      grids.equispaced, grids.chebyshev
Figure 3   hard points and Chebyshev points           figures.figures_1_2_3.figure_3
Figure 4   the objectives of a random network         figures.figures_4_5.figure_4
           its maps                                   boundaries.maps
Figure 5   accuracy under attack                      figures.figures_4_5.figure_5
           the attack                                 attacks.one_step
           what is measured and concluded             robustness.measure, robustness.outcomes
====================================================  ==========================================

Beside the science, which is at the top level:

- ``figures``: a module a chapter, numbers in, a matplotlib figure out;
- ``ledger``: the claims of the paper with their criteria (``claims.settle``), and the register of
  what it leaves open;
- ``reruns``: a chapter with other parameters, sweeps of them (``sweeps.run``), tables of results
  and networks that are kept;
- ``book``: executing the chapters and making the pages.

Imports go one way: the science imports none of these four, figures only the science.
"""
