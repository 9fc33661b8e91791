"""``python -m billing_assets.cli``: the same as ``billing``."""

from billing_assets.cli.main import app

if __name__ == "__main__":
    app(prog_name="billing")
