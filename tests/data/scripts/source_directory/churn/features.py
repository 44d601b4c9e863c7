import os


def to_rows(records, columns):
    with open(os.path.join(os.environ['AZUREML_SOURCE_DIRECTORY'], 'factor.txt')) as file:
        factor = float(file.read())
    return [[record[name] * factor for name in columns] for record in records]
