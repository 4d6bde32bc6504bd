# SPDX-License-Identifier: LGPL-3.0-or-later
# The C reference out of the public headers: every function and type with the comment above it, as Texinfo.
# A declaration is what follows a comment up to ';' (functions) or up to '}' NAME ';' (types).

function escaped(s) {
  gsub(/@/, "@@", s); gsub(/{/, "@{", s); gsub(/}/, "@}", s)
  return s
}

function trimmed(s) { sub(/^[ \t]+/, "", s); sub(/[ \t]+$/, "", s); gsub(/[ \t]+/, " ", s); return s }

# "int tri_f(int a)" as a @deftypefun line: type, name, parameters.
function function_line(d,    open, head, name, type, rest) {
  open = index(d, "(")
  head = trimmed(substr(d, 1, open - 1)); rest = substr(d, open)
  match(head, /[A-Za-z_][A-Za-z_0-9]*$/)
  name = substr(head, RSTART); type = trimmed(substr(head, 1, RSTART - 1))
  return "@deftypefun {" escaped(type) "} " name " " escaped(trimmed(rest))
}

function finish(    d, name) {
  d = declaration; declaration = ""
  gsub(/TRI_API|TRI_CHECKED|TRI__RECORDER|extern/, "", d)
  d = trimmed(d)
  if (comment == "" || d ~ /^#/) { comment = ""; return }
  if (d ~ /^typedef/) {
    sub(/;$/, "", d)
    match(d, /[A-Za-z_][A-Za-z_0-9]*$/)
    name = substr(d, RSTART)
    printf "@deftp {Type} %s\n%s\n", name, comment
    if (body != "") printf "@example\n%s@end example\n", body
    print "@end deftp\n"
  } else if (d ~ /\(/) {
    sub(/;$/, "", d)
    printf "%s\n%s\n@end deftypefun\n\n", function_line(d), comment
  }
  comment = ""; body = ""
}

/^\/\* SPDX/ || /^extern "C"/ { next }
continued { continued = /\\$/; next }
/^#/ { continued = /\\$/; if (declaration == "") comment = ""; next }
/^\/\* ---/ { # a section of the header
  s = $0; gsub(/^\/\* -+ *| *-+ *\*\/$/, "", s)
  printf "@subheading %s\n\n", toupper(substr(s, 1, 1)) substr(s, 2)
  comment = ""; next
}
!inside && declaration == "" && /^\/\*/ { inside = 1; comment = "" }
inside {
  s = $0
  if (s ~ /\*\/[ \t]*$/) { inside = 0; sub(/[ \t]*\*\/[ \t]*$/, "", s) }
  sub(/^\/\*[ \t]?/, "", s); sub(/^[ \t]*\*[ \t]?/, "", s)
  comment = comment (comment == "" ? "" : "\n") escaped(s)
  next
}
/^[ \t]*$/ { if (declaration == "") comment = ""; next }
/^OP[123]|^STRUCTURED/ { next }
{
  declaration = declaration " " $0
  if (declaration ~ /^ *typedef (struct|enum)[^;]*{/) {
    body = body escaped($0) "\n"
    if ($0 ~ /^}/ || $0 ~ /^typedef.*}/) { sub(/{.*}/, "", declaration); finish() }
  } else if ($0 ~ /;[ \t]*$/) finish()
}
