"""Evaluate alarms of the template over series of data points, as CloudWatch does.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Series = list[float | None]
_OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.GtE: operator.ge,
}


def states(alarm: Mapping[str, Any], series: Mapping[str, Series]) -> list[bool]:
    """Return for each period whether the alarm is on.

    Parameters
    ----------
    alarm : Mapping
        Properties of an alarm with metrics.
    series : Mapping of str to list
        Values by metric id; None is a missing data point. All are equally long.
    """
    values = _Evaluation(alarm, series).result()
    threshold = float(alarm["Threshold"])
    if alarm["ComparisonOperator"] != "GreaterThanOrEqualToThreshold":
        raise NotImplementedError(alarm["ComparisonOperator"])
    if alarm["TreatMissingData"] != "notBreaching":
        raise NotImplementedError(alarm["TreatMissingData"])
    breaching = [value is not None and value >= threshold for value in values]
    periods = int(alarm["EvaluationPeriods"])
    needed = int(alarm.get("DatapointsToAlarm", periods))
    return [
        sum(breaching[max(0, end - periods) : end]) >= needed for end in range(1, len(values) + 1)
    ]


class _Evaluation:
    def __init__(self, alarm: Mapping[str, Any], series: Mapping[str, Series]) -> None:
        self._expressions = {
            one["Id"]: one["Expression"] for one in alarm["Metrics"] if "Expression" in one
        }
        self._returned = [one["Id"] for one in alarm["Metrics"] if one.get("ReturnData", True)]
        self._series = series
        self._length = len(next(iter(series.values())))

    def result(self) -> Series:
        [name] = self._returned
        return self._named(name)

    def _named(self, name: str) -> Series:
        if name in self._series:
            return self._series[name]
        return self._value(ast.parse(self._expressions[name], mode="eval").body)

    def _value(self, node: ast.AST) -> Series:
        match node:
            case ast.Constant(value=float() | int() as number):
                return [float(number)] * self._length
            case ast.Name(id=name):
                return self._named(name)
            case ast.BinOp(left=left, op=op, right=right):
                return self._combine(_OPERATORS[type(op)], left, right)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._combine(_OPERATORS[type(op)], left, right)
            case ast.Call(func=ast.Name(id=function), args=arguments):
                return self._call(function, arguments)
        raise NotImplementedError(ast.dump(node))

    def _combine(
        self, operation: Callable[[float, float], float], left: ast.AST, right: ast.AST
    ) -> Series:
        def combine(a: float | None, b: float | None) -> float | None:
            if a is None or b is None or (operation is operator.truediv and b == 0):
                return None
            return float(operation(a, b))

        return list(map(combine, self._value(left), self._value(right)))

    def _call(self, function: str, arguments: Sequence[ast.AST]) -> Series:
        match function, arguments:
            case "MAX", [ast.List(elts=items)]:
                columns = zip(*map(self._value, items), strict=True)
                return [
                    max((one for one in column if one is not None), default=None)
                    for column in columns
                ]
            case "DIFF", [item]:
                value = self._value(item)
                pairs = zip([None, *value[:-1]], value, strict=True)
                return [None if a is None or b is None else b - a for a, b in pairs]
            case "FILL", [item, filling]:
                pairs = zip(self._value(item), self._value(filling), strict=True)
                return [fill if one is None else one for one, fill in pairs]
            case "IF", [condition, yes, no]:
                columns = zip(*map(self._value, (condition, yes, no)), strict=True)
                return [None if one is None else a if one else b for one, a, b in columns]
        raise NotImplementedError(function)
