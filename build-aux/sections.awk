# SPDX-License-Identifier: LGPL-3.0-or-later
# The sections of C sources, from /* --- name */ to the next one or to /* --- end */, as rows LINE(name, "text\n") for C to include.
# Functions become static, with primitive_ in place of tri__.
FNR == 1 { section = "" }
/^\/\* --- [a-z0-9_]+ \*\/$/ { section = $3 == "end" ? "" : $3; blank = 1; next }
section == "" || (/^$/ && blank) { next }
{
  blank = /^$/
  if (/^double tri__/) $0 = "static " $0
  gsub(/tri__/, "primitive_"); gsub(/\\/, "\\\\"); gsub(/"/, "\\\"")
  printf "LINE(%s, \"%s\\n\")\n", section, $0
}
