# SPDX-License-Identifier: LGPL-3.0-or-later
# lib/calculus, floor 3.
