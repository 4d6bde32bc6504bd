# SPDX-License-Identifier: LGPL-3.0-or-later
# The manual and the man pages.
