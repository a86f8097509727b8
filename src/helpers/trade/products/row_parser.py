"""A compiled loop over the text of BACI files: the numbers of a row, or that the row is not plainly sound.

A published file is written in one plain form: codes in digits, amounts in digits with a point, a missing quantity as
"NA". The loop knows this form only. Whatever else a row holds, it stops there and decides nothing: what such a row
means is said in one place (`helpers.trade.products.rows`).
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import numba
import numpy as np
from numpy.typing import NDArray

ZERO, POINT, BLANK, LINE_END, RETURN = (ord(sign) for sign in "0. \n\r")
LETTER_N, LETTER_A = ord("N"), ord("A")
NOTHING = -1
# A sum that has come this far is closed and another begun: with one more value it has eighteen digits still.
FULL = 9 * 10**17
# Values are thousands of US dollars below a trillion, with up to six decimals: in millionths they are whole numbers.
VALUE_DECIMALS, VALUE_WHOLE = 6, 9
# Fifteen digits and a power of ten up to 22 are held exactly by a floating-point number, so one division is right.
QUANTITY_DIGITS = 15
CODE_DIGITS, PRODUCT_DIGITS, YEAR_DIGITS = 5, 6, 4
POWERS = 10 ** np.arange(QUANTITY_DIGITS + 1)
SHORTEST_ROW = len("1,1,1,11111,1,\n")


class Rows(NamedTuple):
    """Columns of sound rows: `value` in thousandths of US dollars, `quantity` in metric tons (NaN when missing)."""

    exporter: NDArray[np.int32]
    importer: NDArray[np.int32]
    product: NDArray[np.int32]
    value: NDArray[np.int64]
    quantity: NDArray[np.float64]


def parse(text: bytes | bytearray, delimiter: str, year: int, known: NDArray[np.bool_]) -> Rows | None:
    """Read whole lines of a BACI file.

    Parameters
    ----------
    text : bytes
        Lines t, i, j, k, v, q; the last may lack its end.
    delimiter : str
        One character.
    year : int
        What every row must say.
    known : array of bool
        Whether a number is the code of an economy, at the place of the number.

    Returns
    -------
    Rows or None
        None when some row is not in the plain form, or not sound.
    """
    # No cell holds the end of a line, so that with one at the very end no loop has to look how far it may go.
    data = np.frombuffer(text if text.endswith(b"\n") else text + b"\n", np.uint8)
    room = len(data) // SHORTEST_ROW + 1
    codes, value, quantity = np.empty((3, room), np.int32), np.empty(room, np.int64), np.empty(room, np.float64)
    count = _parse(data, ord(delimiter), year, known, codes, value, quantity)
    if count == NOTHING:
        return None
    return Rows(codes[0, :count], codes[1, :count], codes[2, :count], value[:count], quantity[:count])


class Sums(NamedTuple):
    """Sums of neighbouring rows of one flow and class: see `Rows`."""

    exporter: NDArray[np.int32]
    importer: NDArray[np.int32]
    end_use_number: NDArray[np.int32]
    value: NDArray[np.int64]


def add_neighbours(rows: Rows, class_of: NDArray[np.int8]) -> Sums:
    """Add up what stands together of one exporter, importer and class: a published file is in this order.

    Parameters
    ----------
    rows : Rows
    class_of : array of int8
        Number of the class, from 0, at the place of each product.

    Returns
    -------
    Sums
        The same flow occurs again where its rows stand apart.
    """
    codes, sums = np.empty((3, len(rows.product)), np.int32), np.empty(len(rows.product), np.int64)
    classes = int(class_of.max()) + 1
    count = _add(rows.exporter, rows.importer, rows.product, rows.value, class_of, classes, codes, sums)
    return Sums(codes[0, :count], codes[1, :count], codes[2, :count], sums[:count])


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile when first called; what was compiled is kept beside the source or for the user, where either can be."""
    compiler = functools.partial(numba.njit, nogil=True, forceinline=True, error_model="numpy")
    try:
        return cast("Callable[..., Any]", compiler(cache=True)(function))
    except RuntimeError:
        return cast("Callable[..., Any]", compiler()(function))


@_compiled
def _digits(data, at):  # type: ignore[no-untyped-def]
    """Read digits; return the number, how many there are, and the place after them."""
    number, start = np.int64(0), at
    # In eight bits without a sign, whatever comes before the zero is above nine too: one comparison does.
    digit = np.uint8(data[at] - ZERO)
    while digit <= 9:
        number = number * 10 + np.int64(digit)
        at += 1
        digit = np.uint8(data[at] - ZERO)
    return number, at - start, at


@_compiled
def _code(data, at, delimiter, most):  # type: ignore[no-untyped-def]
    """Read a cell of one to `most` digits; return the number (or `NOTHING`), how many there are, and the next cell."""
    number, count, at = _digits(data, at)
    if count == 0 or count > most or data[at] != delimiter:
        return NOTHING, count, at
    return number, count, at + 1


@_compiled
def _amount(data, at, whole, decimals):  # type: ignore[no-untyped-def]
    """Read digits, and decimals after a point; return all as one number (or `NOTHING`), the decimals, and the place."""
    number, count, at = _digits(data, at)
    if count == 0 or count > whole:
        return NOTHING, 0, at
    if data[at] != POINT:
        return number, 0, at
    part, count, at = _digits(data, at + 1)
    if count == 0 or count > decimals:
        return NOTHING, 0, at
    return number * POWERS[count] + part, count, at


@_compiled
def _value(data, at, delimiter):  # type: ignore[no-untyped-def]
    """Read a cell of thousands of US dollars; return it in millionths (or `NOTHING`), and the next cell."""
    number, decimals, at = _amount(data, _after_blanks(data, at), VALUE_WHOLE, VALUE_DECIMALS)
    if number == NOTHING or data[at] != delimiter:
        return NOTHING, at
    return number * POWERS[VALUE_DECIMALS - decimals], at + 1


@_compiled
def _quantity(data, at):  # type: ignore[no-untyped-def]
    """Read the last cell; return the quantity (NaN when missing, `NOTHING` when unclear), and the place after it."""
    at = _after_blanks(data, at)
    if data[at] == LINE_END or data[at] == RETURN:
        return np.nan, at
    if data[at] == LETTER_N and data[at + 1] == LETTER_A:
        return np.nan, at + 2
    number, decimals, at = _amount(data, at, QUANTITY_DIGITS - VALUE_DECIMALS, VALUE_DECIMALS)
    return (float(NOTHING), at) if number == NOTHING else (number / POWERS[decimals], at)


@_compiled
def _after_blanks(data, at):  # type: ignore[no-untyped-def]
    while data[at] == BLANK:
        at += 1
    return at


@_compiled
def _after_line(data, at):  # type: ignore[no-untyped-def]
    """Return the place of the next line, or `NOTHING` when this one goes on."""
    if data[at] == RETURN:
        at += 1
    return at + 1 if data[at] == LINE_END else NOTHING


@_compiled
def _parse(data, delimiter, year, known, codes, value, quantity):  # type: ignore[no-untyped-def]
    """Fill the columns; return the number of rows, or `NOTHING` at the first row that is not plainly sound.

    Rows of one flow stand together, so most begin as the row before does, and their year and economies are known.
    """
    at, row, before, length, exporter, importer = 0, 0, 0, 0, NOTHING, NOTHING
    while at < len(data):
        if length and _begins_alike(data, before, at, length):
            at += length
        else:
            before = at
            told, _, at = _code(data, at, delimiter, YEAR_DIGITS)
            exporter, _, at = _code(data, at, delimiter, CODE_DIGITS)
            importer, _, at = _code(data, at, delimiter, CODE_DIGITS)
            if told != year or exporter == importer or not (_is_known(known, exporter) and _is_known(known, importer)):
                return NOTHING
            length = at - before
        product, count, at = _code(data, at, delimiter, PRODUCT_DIGITS)
        if product == NOTHING or count < PRODUCT_DIGITS - 1:
            return NOTHING
        amount, at = _value(data, at, delimiter)
        if amount == NOTHING:
            return NOTHING
        mass, at = _quantity(data, at)
        at = _after_line(data, at)
        if mass == NOTHING or at == NOTHING:
            return NOTHING
        codes[0, row], codes[1, row], codes[2, row] = exporter, importer, product
        value[row], quantity[row] = amount, mass
        row += 1
    return row


@_compiled
def _begins_alike(data, one, other, length):  # type: ignore[no-untyped-def]
    if other + length > len(data):
        return False
    same = 0
    while same < length and data[one + same] == data[other + same]:
        same += 1
    return same == length


@_compiled
def _is_known(known, code):  # type: ignore[no-untyped-def]
    return 0 <= code < len(known) and known[code]


@_compiled
def _add(exporter, importer, product, value, class_of, classes, codes, sums):  # type: ignore[no-untyped-def]
    """Fill the columns of `Sums`; return their length."""
    count, place = 0, np.empty(classes, np.int64)
    for row in range(len(product)):
        if row == 0 or exporter[row] != exporter[row - 1] or importer[row] != importer[row - 1]:
            place[:] = NOTHING
        use = class_of[product[row]]
        if place[use] == NOTHING or sums[place[use]] > FULL:
            place[use] = count
            codes[0, count], codes[1, count], codes[2, count] = exporter[row], importer[row], use
            sums[count] = 0
            count += 1
        sums[place[use]] += value[row]
    return count
