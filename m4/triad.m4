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
