# SPDX-License-Identifier: LGPL-3.0-or-later
# lib/numbers, floor 2.
