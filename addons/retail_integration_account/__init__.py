from . import canonical, importers, models, wizards
