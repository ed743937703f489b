"""Gives matplotlib the font list made with the image: a second less for a sandbox's first chart.

matplotlib reads its list from a writable folder alone, and all but /tmp is read-only.
"""
import os

_LISTS = '/opt/holdfast/matplotlib'
_CACHE = os.path.expanduser('~/.cache/matplotlib')

if not os.path.isdir(_CACHE):
    try:
        os.makedirs(_CACHE)
        for _name in os.listdir(_LISTS):
            os.symlink(os.path.join(_LISTS, _name), os.path.join(_CACHE, _name))
    except OSError:
        pass
