from . import canonical, exporters, importers, models, wizards
