"""Functions in C that a module is given where it calls them."""

from __future__ import annotations

HELPERS = {
    "remainder_of": """/* What is left of a after whole multiples of b, with the sign of b. */
static double remainder_of(double a, double b)
{
    const double rest = fmod(a, b);
    if (rest == 0.0) {
        return copysign(0.0, b);
    }
    return (b < 0.0) != (rest < 0.0) ? rest + b : rest;
}""",
    "floor_divide": """/* How often b goes into a, rounded down. */
static double floor_divide(double a, double b)
{
    if (b == 0.0) {
        return a / b;
    }
    const double rest = fmod(a, b);
    double often = (a - rest) / b;
    if (rest != 0.0 && (b < 0.0) != (rest < 0.0)) {
        often -= 1.0;
    }
    const double whole = floor(often);
    return often - whole > 0.5 ? whole + 1.0 : whole;
}""",
    "factorize": """/* Gaussian elimination with row exchanges, in place; their sign, or 0 for a singular matrix. */
static double factorize(int n, double *a, int *rows)
{
    double sign = 1.0;
    for (int i = 0; i < n; i++) {
        rows[i] = i;
    }
    for (int k = 0; k < n; k++) {
        int pivot = k;
        for (int i = k + 1; i < n; i++) {
            if (fabs(a[n * i + k]) > fabs(a[n * pivot + k])) {
                pivot = i;
            }
        }
        if (a[n * pivot + k] == 0.0) {
            return 0.0;
        }
        if (pivot != k) {
            for (int j = 0; j < n; j++) {
                const double kept = a[n * k + j];
                a[n * k + j] = a[n * pivot + j];
                a[n * pivot + j] = kept;
            }
            const int kept = rows[k];
            rows[k] = rows[pivot];
            rows[pivot] = kept;
            sign = -sign;
        }
        for (int i = k + 1; i < n; i++) {
            a[n * i + k] /= a[n * k + k];
            for (int j = k + 1; j < n; j++) {
                a[n * i + j] -= a[n * i + k] * a[n * k + j];
            }
        }
    }
    return sign;
}""",
    "solve": """/* The x of a x = b, nan where a is singular. */
static void solve(int n, int columns, const double *a, const double *b, double *x)
{
    double lu[n * n];
    int rows[n];
    for (int i = 0; i < n * n; i++) {
        lu[i] = a[i];
    }
    const double sign = factorize(n, lu, rows);
    for (int j = 0; j < columns; j++) {
        for (int i = 0; i < n; i++) {
            double rest = b[columns * rows[i] + j];
            for (int k = 0; k < i; k++) {
                rest -= lu[n * i + k] * x[columns * k + j];
            }
            x[columns * i + j] = rest;
        }
        for (int i = n - 1; i >= 0; i--) {
            double rest = x[columns * i + j];
            for (int k = i + 1; k < n; k++) {
                rest -= lu[n * i + k] * x[columns * k + j];
            }
            x[columns * i + j] = sign == 0.0 ? NAN : rest / lu[n * i + i];
        }
    }
}""",
    "invert": """/* The inverse of a matrix, nan where it is singular. */
static void invert(int n, const double *a, double *x)
{
    double identity[n * n];
    for (int i = 0; i < n * n; i++) {
        identity[i] = i / n == i % n ? 1.0 : 0.0;
    }
    solve(n, n, a, identity, x);
}""",
    "determinant": """/* The logarithm of the absolute value of a determinant; its sign goes to `sign`. */
static double determinant(int n, const double *a, double *sign)
{
    double lu[n * n];
    int rows[n];
    for (int i = 0; i < n * n; i++) {
        lu[i] = a[i];
    }
    double total = 0.0;
    *sign = factorize(n, lu, rows);
    for (int i = 0; i < n && *sign != 0.0; i++) {
        *sign = lu[n * i + i] < 0.0 ? -*sign : *sign;
        total += log(fabs(lu[n * i + i]));
    }
    return *sign == 0.0 ? -INFINITY : total;
}""",
    "lower_root": """/* The lower triangle whose square with its transpose is the symmetric part of a, or nan. */
static void lower_root(int n, const double *a, double *x)
{
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            double rest = 0.5 * (a[n * i + j] + a[n * j + i]);
            for (int k = 0; k < i && k < j; k++) {
                rest -= x[n * i + k] * x[n * j + k];
            }
            if (i == j && !(rest > 0.0)) {
                for (int k = 0; k < n * n; k++) {
                    x[k] = NAN;
                }
                return;
            }
            x[n * i + j] = j > i ? 0.0 : i == j ? sqrt(rest) : rest / x[n * j + j];
        }
    }
}""",
}
# Those that others call come first.
CALLS = {"solve": ["factorize"], "invert": ["solve"], "determinant": ["factorize"]}
