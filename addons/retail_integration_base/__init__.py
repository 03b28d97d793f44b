from . import canonical, engine, models, controllers, wizards
