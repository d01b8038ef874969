"""From the fitted scikit-learn pipeline to the `Weights` that serving reads."""

from sklearn.pipeline import Pipeline

from router.compiled import Weights
from router.text.features import FEATURES


def weights_of(pipeline: Pipeline) -> Weights:
    """Everything fitted in `pipeline`, its calibration multiplied in."""
    tfidf, classifier = pipeline["vectorise"].tfidf_, pipeline["classify"]
    slope = classifier.slope_
    weights = [slope * float(weight) for weight in classifier.logistic_.coef_[0]]
    columns = sorted(tfidf.vocabulary_.items(), key=lambda item: item[1])
    return Weights(
        bias=slope * float(classifier.logistic_.intercept_[0]) + classifier.intercept_,
        features=dict(zip(FEATURES, weights, strict=False)),
        words={str(word): (weights[len(FEATURES) + at], float(tfidf.idf_[at])) for word, at in columns},
        level=classifier.level,
    )
