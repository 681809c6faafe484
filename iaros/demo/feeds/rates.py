"""`exchange_rates.csv`: what one euro bought, published every Monday from before the first booking to the end."""

import numpy as np
import pyarrow as pa

from iaros.demo.fares import PER_EURO
from iaros.demo.seasons import END_DAY, FIRST_DAY_NUMBER, iso_date, weekday_of

COLUMNS = ("Date", "Currency", "Units per base")
SCHEMA = pa.schema([(name, pa.string()) for name in COLUMNS])
_BEFORE_DAYS = 30


def table() -> pa.Table:
    days = np.arange(-_BEFORE_DAYS, END_DAY + 1)
    mondays = iso_date(days[weekday_of(days) == 0] + FIRST_DAY_NUMBER).tolist()
    foreign = [(currency, rate) for currency, rate in PER_EURO.items() if currency != "EUR"]
    rows = [(day, currency, f"{rate:.4f}") for day in mondays for currency, rate in foreign]
    columns = zip(COLUMNS, zip(*rows, strict=True), strict=True)
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns}, schema=SCHEMA)
