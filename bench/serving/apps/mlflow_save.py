import joblib
import mlflow.sklearn

mlflow.sklearn.save_model(joblib.load("ridge.pkl"), "mlflow-model", serialization_format="cloudpickle")
