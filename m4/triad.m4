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

# TRIAD_LLVM: have_llvm=yes, triad_llvm, LLVM_CPPFLAGS and LLVM_LIBS if $LLVM_CONFIG is that of LLVM 14 or later with its C API.
AC_DEFUN([TRIAD_LLVM],
  [triad_llvm= LLVM_CPPFLAGS= LLVM_LIBS=
   AS_IF([test -n "$LLVM_CONFIG"],
     [triad_llvm=`$LLVM_CONFIG --version 2>/dev/null`
      LLVM_CPPFLAGS=-I`$LLVM_CONFIG --includedir 2>/dev/null`
      LLVM_LIBS="`$LLVM_CONFIG --ldflags 2>/dev/null` `$LLVM_CONFIG --libs 2>/dev/null`"])
   AS_CASE([$triad_llvm], [1[[4-9]].*|[[2-9]][[0-9]].*],
     [triad_save_libs=$LIBS triad_save_cppflags=$CPPFLAGS
      LIBS="$LLVM_LIBS $LIBS" CPPFLAGS="$CPPFLAGS $LLVM_CPPFLAGS"
      AC_MSG_CHECKING([for native code by LLVM $triad_llvm])
      AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <stddef.h>
#include <llvm-c/LLJIT.h>
#include <llvm-c/Transforms/PassBuilder.h>]],
          [[LLVMOrcCreateLLJITBuilder(); LLVMCreatePassBuilderOptions();
            LLVMOrcThreadSafeContextGetContext(NULL);]])],
        [have_llvm=yes
         AC_DEFINE([HAVE_LLVM], [1], [Define to 1 if there is a module that makes native code.])])
      AC_MSG_RESULT([$have_llvm])
      LIBS=$triad_save_libs CPPFLAGS=$triad_save_cppflags])
   AC_SUBST([LLVM_CPPFLAGS])
   AC_SUBST([LLVM_LIBS])])
