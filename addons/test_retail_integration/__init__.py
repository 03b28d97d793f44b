from . import canonical, controllers, models, wizards
