"""`python -m tests.surface.regenerate`: write the generated parts of the documentation anew."""

from __future__ import annotations

from tests.surface.generated import EXAMPLE, README, example_file, filled

if __name__ == "__main__":
    README.write_text(filled(README.read_text()))
    EXAMPLE.write_text(example_file())
