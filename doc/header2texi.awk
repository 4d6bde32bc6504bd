# SPDX-License-Identifier: LGPL-3.0-or-later
# The C reference out of the public headers: every function and type with the comment above it, as Texinfo.
# A declaration is what follows a comment up to ';' (functions) or up to '}' NAME ';' (types); functions without a comment
# below one that has one share it.

function escaped(s) {
  gsub(/@/, "@@", s); gsub(/{/, "@{", s); gsub(/}/, "@}", s)
  return s
}

# A comment's text; what stands between ` and ` is code.
function prose(s,    i, n, part, out) {
  n = split(escaped(s), part, "`")
  if (n % 2 == 0) return escaped(s)
  for (i = 1; i <= n; i++) out = out (i % 2 ? part[i] : "@code{" part[i] "}")
  return out
}

# The rows X(NAME, …, "meaning") of a list from which an enum is made, as enumerators.
function enumerators(    n, i, row, part, out) {
  n = split(list, row, "\n")
  for (i = 1; i < n; i++) {
    split(row[i], part, /[(,]/)
    match(row[i], /"[^"]*"\)/)
    out = out sprintf("  %s%-12s /* %s */\n", prefix, part[2] ",", substr(row[i], RSTART + 1, RLENGTH - 3))
  }
  list = ""
  return out
}

function trimmed(s) { sub(/^[ \t]+/, "", s); sub(/[ \t]+$/, "", s); gsub(/[ \t]+/, " ", s); return s }

# "int tri_f(int a)" as a @deftypefun line: type, name, parameters.
function function_line(d,    open, head, name, type, rest) {
  open = index(d, "(")
  head = trimmed(substr(d, 1, open - 1)); rest = substr(d, open)
  match(head, /[A-Za-z_][A-Za-z_0-9]*$/)
  name = substr(head, RSTART); type = trimmed(substr(head, 1, RSTART - 1))
  return " {" escaped(type) "} " name " " escaped(trimmed(rest))
}

# Writes the function at hand, with those declared right below it, which share its comment.
function flush_function() {
  if (heads != "") printf "%s%s\n@end deftypefun\n\n", heads, about
  heads = ""
}

function finish(    d, name) {
  d = declaration; declaration = ""
  gsub(/TRI_API|TRI_CHECKED|TRI__RECORDER|extern/, "", d)
  d = trimmed(d)
  if (comment == "" && heads != "" && d ~ /\(/) {
    sub(/;$/, "", d)
    heads = heads "@deftypefunx" function_line(d) "\n"
    return
  }
  flush_function()
  if (comment == "" || d ~ /^#/) { comment = ""; return }
  if (d ~ /^typedef/) {
    sub(/;$/, "", d)
    if (match(d, /\(\*[a-z_]+\)/)) { # of a function
      name = substr(d, RSTART + 2, RLENGTH - 3)
      body = escaped(d) ";\n"
    } else {
      match(d, /[A-Za-z_][A-Za-z_0-9]*$/)
      name = substr(d, RSTART)
    }
    printf "@deftp {Type} %s\n%s\n", name, comment
    if (list != "") body = "typedef enum " name " @{\n" escaped(enumerators()) "@} " name ";\n"
    if (body != "") printf "@example\n%s@end example\n", body
    print "@end deftp\n"
  } else if (d ~ /\(/) {
    sub(/;$/, "", d)
    heads = "@deftypefun" function_line(d) "\n"; about = comment
  }
  comment = ""; body = ""
}

/^\/\* SPDX/ || /^extern "C"/ { next }
/^#define TRI_[A-Z]*_LIST\(X\)/ { list = "" }
continued && /^ *X\(/ { list = list $0 "\n" }
/^#define TRI_[A-Z]*_ENUMERATOR/ && match($0, /TRI_[A-Z_]*##/) { prefix = substr($0, RSTART, RLENGTH - 2) }
continued { continued = /\\$/; next }
/^#/ { continued = /\\$/; if (declaration == "") comment = ""; next }
/^\/\* ---/ { # a section of the header
  flush_function()
  s = $0; gsub(/^\/\* -+ *| *-+ *\*\/$/, "", s)
  printf "@subheading %s\n\n", toupper(substr(s, 1, 1)) substr(s, 2)
  comment = ""; next
}
!inside && declaration == "" && /^\/\*/ { inside = 1; comment = "" }
inside {
  s = $0
  if (s ~ /\*\/[ \t]*$/) { inside = 0; sub(/[ \t]*\*\/[ \t]*$/, "", s) }
  sub(/^\/\*[ \t]?/, "", s); sub(/^[ \t]*\*[ \t]?/, "", s)
  comment = comment (comment == "" ? "" : "\n") prose(s)
  next
}
/^[ \t]*$/ { if (declaration == "") { flush_function(); comment = "" } next }
/^OP[123]|^STRUCTURED/ { next }
{
  declaration = declaration " " $0
  if (declaration ~ /^ *typedef (struct|enum)[^;]*{/) {
    body = body escaped($0) "\n"
    if ($0 ~ /^}/ || $0 ~ /^typedef.*}/) { sub(/{.*}/, "", declaration); finish() }
  } else if ($0 ~ /;[ \t]*$/) finish()
}

END { flush_function() }
