from . import canonical, controllers, engine, models, wizards
