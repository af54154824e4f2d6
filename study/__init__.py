"""The "pick the real one" study: which colorization do people take for the real picture?

The core of this package (``design``, ``session``, ``tables``, ``store``, ``stats``, ``report``)
imports neither torch nor gradio, so that a statistician can install and run it alone. Only
``ui`` needs Gradio, and only the building of a stimulus set in ``stimuli`` needs the colorizers.
"""
