"""What a GPU bears: training, dreaming and the gate on models of random weights, in the shapes of real ones.

``python -m bench.gpu`` is one prepared script of less than ten minutes on one H200. It imports neither Dagster nor
MLflow, for the machine it is sent to has little beside torch, transformers and peft; what is missing there is told in
the place of its figure.
"""
