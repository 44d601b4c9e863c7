model_path = Model.get_model_path('sklearn_mnist')
