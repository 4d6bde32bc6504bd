#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# bench/gradbench answers the GradBench suite's messages as the definitions of its evals say (gradbench.py). Not without Jansson or Python.
tool=bench/gradbench/gradbench
[ -x "$tool" ] && command -v python3 >/dev/null || exit 77
PYTHONDONTWRITEBYTECODE=1 exec python3 "${abs_srcdir:?the folder of the sources}/tests/bench/gradbench.py" "$tool" "${GRADBENCH_SEED:-1}"
