"""How Hypothesis tests here: in their own time, since other tests may keep the machine busy beside them."""

from hypothesis import settings

settings.register_profile("loupe", deadline=None)
settings.load_profile("loupe")
