"""From finished runs to a website: staging, two renderers, and a contract the rendered pages must keep."""
