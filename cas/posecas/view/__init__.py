"""The directory view: names to entries, one logic for the mount and the filesystem."""

from posecas.view.nodes import Content, Entry, Node
from posecas.view.tree import View

__all__ = ["Content", "Entry", "Node", "View"]
