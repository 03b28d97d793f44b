from . import controllers, models, wizards
from .install import post_load
