"""Entry point: `python app.py` serves, `python app.py --help` shows what else there is."""

from bot.cli import main

if __name__ == "__main__":
    main()
