"""What the figures share."""
import sys


def pyplot():
    """matplotlib's, set up so that the same data give the same file."""
    try:
        import matplotlib
    except ImportError:
        sys.exit("matplotlib is missing; on Debian install python3-matplotlib")
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "infinipot"
    from matplotlib import pyplot as plot

    return plot


def save(figure, file):
    figure.savefig(file, metadata={"Date": None})
