"""The "pick the real one" study: which colorization do people take for the real picture?

The core of this package (``protocol``, ``database``, ``statistics``, ``report``) imports neither
torch nor gradio, so that a statistician can install and run it alone. Only ``page`` needs Gradio,
and only the making of a stimulus set in ``stimuli`` needs the colorizers.
"""
