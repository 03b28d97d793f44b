from . import canonical, controllers, models
