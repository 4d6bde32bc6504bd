# SPDX-License-Identifier: LGPL-3.0-or-later
# The manual and the man pages. Written by hand rather than as info_TEXINFOS, because the build has to work where
# makeinfo is not, and leaves the source folder alone. A page is a line: dist_man_MANS += doc/triad.1; the manual is
# TRIAD_MANUAL += doc/triad.texi; what it includes and is generated goes to TRIAD_MANUAL_PARTS, with a rule.
TRIAD_MANUAL =
TRIAD_MANUAL_PARTS =
dist_man_MANS =
EXTRA_DIST += $(TRIAD_MANUAL)
CLEANFILES += $(TRIAD_MANUAL:.texi=.info) $(TRIAD_MANUAL:.texi=.html) $(TRIAD_MANUAL_PARTS)

if HAVE_MAKEINFO
manualdir = $(infodir)
manual_DATA = $(TRIAD_MANUAL:.texi=.info)
endif

TRIAD_MAKEINFO = $(MAKEINFO) --no-split -I doc -I $(srcdir)/doc -D 'VERSION $(VERSION)'
SUFFIXES = .texi .info .html
.texi.info:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(TRIAD_MAKEINFO) -o $@ $<
.texi.html:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(TRIAD_MAKEINFO) --html -o $@ $<
$(TRIAD_MANUAL:.texi=.info) $(TRIAD_MANUAL:.texi=.html): $(TRIAD_MANUAL_PARTS)
html-local: $(TRIAD_MANUAL:.texi=.html)

dist_man_MANS += doc/triad.1 doc/triad.3
