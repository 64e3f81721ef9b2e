"""Sphinx: one page per topic, in MyST Markdown, and an API reference from the docstrings."""

from ossify import __version__ as release

project = "ossify and cortical-tools"
author = "the ossify developers"
copyright = "2026, the ossify developers"
version = ".".join(release.split(".")[:2])

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
]
# Names between single backticks in docstrings lead to what they name.
default_role = "py:obj"
html_theme = "furo"
html_title = "ossify and cortical-tools"
# Examples are copied without prompts and without what they print.
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True
# Sphinx says itself where its search index is; anything else is not a page.
exclude_patterns = ["conf.py", "documented_examples.py"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autosummary_generate = True
# Members are shown with their class, not as a page each.
numpydoc_show_class_members = False
