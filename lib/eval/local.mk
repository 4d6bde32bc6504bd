# SPDX-License-Identifier: LGPL-3.0-or-later
# lib/eval, floor 4.
