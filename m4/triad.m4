# SPDX-License-Identifier: LGPL-3.0-or-later
# TRIAD_ADD_FLAG(VARIABLE, FLAG): appends FLAG to VARIABLE if the C compiler takes it.
AC_DEFUN([TRIAD_ADD_FLAG],
  [AC_CACHE_CHECK([whether $CC takes $2], [AS_TR_SH([triad_cv_flag_$2])],
    [triad_save_cflags=$CFLAGS
     CFLAGS="$CFLAGS -Werror $2"
     AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
       [AS_TR_SH([triad_cv_flag_$2])=yes], [AS_TR_SH([triad_cv_flag_$2])=no])
     CFLAGS=$triad_save_cflags])
   AS_IF([test $AS_TR_SH([triad_cv_flag_$2]) = yes], [$1="${$1}${$1:+ }$2"])])

# TRIAD_BALLS: FLINT_LIBS, and HAVE_FLINT_ARB_H where balls are FLINT 3's; else they are Arb's, <arb.h>.
AC_DEFUN([TRIAD_BALLS],
  [triad_balls= triad_save_libs=$LIBS triad_save_cppflags=$CPPFLAGS
   CPPFLAGS="$CPPFLAGS $MPFR_CFLAGS $GMP_CFLAGS"
   AC_CHECK_HEADER([flint/arb.h],
     [AC_CHECK_LIB([flint], [arb_hypgeom_erf], [triad_balls="FLINT 3" FLINT_LIBS=-lflint
        AC_DEFINE([HAVE_FLINT_ARB_H], [1], [Define to 1 if balls are in FLINT 3 and not in Arb.])],
        [], [$MPFR_LIBS $GMP_LIBS -lm])])
   AS_IF([test -z "$triad_balls"],
     [AC_CHECK_HEADER([arb.h],
       [for triad_arb in flint-arb arb; do
          LIBS="-l$triad_arb -lflint $MPFR_LIBS $GMP_LIBS -lm $triad_save_libs"
          AC_MSG_CHECKING([for balls in lib$triad_arb])
          AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <arb_hypgeom.h>]],
              [[arb_t x; arb_init(x); arb_hypgeom_erf(x, x, 53); arb_clear(x);]])],
            [triad_balls="Arb in lib$triad_arb" FLINT_LIBS="-l$triad_arb -lflint"
             AC_MSG_RESULT([yes]); break],
            [AC_MSG_RESULT([no])])
        done])])
   LIBS=$triad_save_libs CPPFLAGS=$triad_save_cppflags
   AS_IF([test -z "$triad_balls"],
     [AC_MSG_ERROR([FLINT 3, or FLINT 2.9 with Arb 2.23, is required (Debian: libflint-dev, and libflint-arb-dev where there is one)])])
   TRIAD_LIBS_PRIVATE="$FLINT_LIBS $TRIAD_LIBS_PRIVATE"
   AC_SUBST([FLINT_LIBS])])
