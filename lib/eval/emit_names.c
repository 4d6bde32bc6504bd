/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Names and comments of emitted C. */
#include "eval/emit.h"
#include "graph/c_text.h"

/* --- names that a function cannot have, beside C's keywords */

static const char *const taken[] = {
    /* C++ */
    "alignas", "alignof", "and", "and_eq", "asm", "bitand", "bitor", "bool", "catch", "char8_t",
    "char16_t", "char32_t", "class", "compl", "concept", "consteval", "constexpr", "constinit",
    "const_cast", "co_await", "co_return", "co_yield", "decltype", "delete", "dynamic_cast",
    "explicit", "export", "false", "friend", "mutable", "namespace", "new", "noexcept", "not",
    "not_eq", "nullptr", "operator", "or", "or_eq", "private", "protected", "public",
    "reinterpret_cast", "requires", "static_assert", "static_cast", "template", "this",
    "thread_local", "throw", "true", "try", "typeid", "typename", "typeof", "using", "virtual",
    "wchar_t", "xor", "xor_eq",
    /* <math.h>, each also with f and l behind */
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "copysign", "cos",
    "cosh", "erf", "erfc", "exp", "exp2", "expm1", "fabs", "fdim", "floor", "fma", "fmax", "fmin",
    "fmod", "frexp", "hypot", "ilogb", "ldexp", "lgamma", "llrint", "llround", "log", "log10",
    "log1p", "log2", "logb", "lrint", "lround", "modf", "nan", "nearbyint", "nextafter",
    "nexttoward", "pow", "remainder", "remquo", "rint", "round", "scalbln", "scalbn", "sin", "sinh",
    "sqrt", "tan", "tanh", "tgamma", "trunc",
    /* beyond the standard's, but known to compilers */
    "drem", "exp10", "finite", "gamma", "isinf", "isnan", "j0", "j1", "jn", "pow10", "scalb",
    "significand", "signgam", "sincos", "y0", "y1", "yn", "float_t", "double_t", "fpclassify",
    "isfinite", "isgreater", "isless", "islessgreater", "isnormal", "isunordered", "signbit",
    "linux", "unix",
    /* what compilers know of the other headers */
    "abort", "abs", "alloca", "bcmp", "bcopy", "bzero", "cabs", "cacos", "carg", "casin", "catan",
    "calloc", "ccos", "cexp", "cimag", "clog", "conj", "cpow", "cproj", "creal", "csin", "csqrt",
    "ctan", "dcgettext", "dgettext", "execl", "execv", "exit", "ffs", "fork", "fprintf", "fputc",
    "fputs", "free", "fscanf", "fwrite", "gettext", "imaxabs", "index", "isalnum", "isalpha",
    "isascii", "isblank", "iscntrl", "isdigit", "isgraph", "islower", "isprint", "ispunct",
    "isspace", "isupper", "isxdigit", "labs", "llabs", "longjmp", "malloc", "memchr", "memcmp",
    "memcpy", "memmove", "mempcpy", "memset", "printf", "putchar", "puts", "realloc", "rindex",
    "scanf", "setjmp", "snprintf", "sprintf", "sscanf", "stpcpy", "strcat", "strchr", "strcmp",
    "strcpy", "strcspn", "strdup", "strftime", "strlen", "strncat", "strncmp", "strncpy", "strndup",
    "strpbrk", "strrchr", "strspn", "strstr", "toascii", "tolower", "toupper", "vprintf", "vscanf",
    "vsnprintf", "vsprintf", "wcslen", "std", "NULL", "NAN", "INFINITY", "EOF", "PART"};

static bool is_taken(const char *name, size_t size) {
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
    if (text_is(name, size, taken[i])) return true;
  return false;
}

static bool begins(const char *name, const char *prefix) {
  return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* What the file itself calls its own: functions of rows, and sections of primitives. */
static bool is_own(const char *name) {
  return begins(name, "value_") || begins(name, "checked_") || begins(name, "primitive_") ||
         begins(name, "polygamma_") || begins(name, "POLYGAMMA_") || begins(name, "wide");
}

static bool is_reserved(const char *name) {
  size_t size = strlen(name);
  char last = size ? name[size - 1] : 0;
  if (name[0] == '_' || tri__c_keyword(name) || is_taken(name, size) || is_own(name)) return true;
  return (last == 'f' || last == 'l') && is_taken(name, size - 1);
}

static bool plain(char c, bool first) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (!first && c >= '0' && c <= '9');
}

/* A character that no name of C has, as _u and its code. */
static size_t put_code(tri_text *text, const char *name, size_t left) {
  uint32_t code;
  size_t size = tri__utf8(name, left, &code);
  if (!size) code = (unsigned char)*name, size = 1;
  tri__text_printf(text, "_u%04x", (unsigned)code);
  return size;
}

void tri__emit_name(tri_text *text, const char *name) {
  size_t size = strlen(name);
  if (is_reserved(name) && name[0] == '_') tri__text_putc(text, 'f');
  for (size_t i = 0; i < size;) {
    if (plain(name[i], i == 0))
      tri__text_putc(text, name[i++]);
    else
      i += put_code(text, i ? name + i : name, size - i);
  }
  if (is_reserved(name) && name[0] != '_') tri__text_putc(text, '_');
}

/* --- comments */

void tri__emit_comment(tri_text *text, const char *comment, size_t size, const char *margin) {
  while (size && comment[size - 1] == '\n') size--;
  tri__text_puts(text, margin);
  for (size_t i = 0; i < size; i++) {
    char c = comment[i], next = i + 1 < size ? comment[i + 1] : 0;
    if (c == '\n')
      tri__text_puts(text, "\n"), tri__text_puts(text, margin);
    else
      tri__text_putc(text, (unsigned char)c < ' ' || c == 0x7f || c == '\\' ? ' ' : c);
    if ((c == '*' && next == '/') || (c == '/' && next == '*')) tri__text_putc(text, ' ');
  }
}
