# SPDX-License-Identifier: LGPL-3.0-or-later
# lib/graph, floor 1.
