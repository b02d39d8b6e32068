"""Shared by the scripts that draw: matplotlib set up for figures that are the same byte for byte."""
import sys


def pyplot():
    """Returns matplotlib.pyplot, set up so that the same data give the same file."""
    try:
        import matplotlib
    except ImportError:
        sys.exit("matplotlib is missing; on Debian install python3-matplotlib")
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "infinipot"
    from matplotlib import pyplot as plot

    return plot


def save(figure, file):
    """Writes an SVG without its date."""
    figure.savefig(file, metadata={"Date": None})
