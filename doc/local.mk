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

TRIAD_MAKEINFO = $(MAKEINFO) --no-split -I doc -I $(srcdir)/doc -I $(srcdir)/examples -D 'VERSION $(VERSION)'
SUFFIXES = .texi .info .html
.texi.info:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(TRIAD_MAKEINFO) -o $@ $<
.texi.html:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(TRIAD_MAKEINFO) --html -o $@ $<
$(TRIAD_MANUAL:.texi=.info) $(TRIAD_MANUAL:.texi=.html): $(TRIAD_MANUAL_PARTS)
html-local: $(TRIAD_MANUAL:.texi=.html)

dist_man_MANS += doc/triad.1 doc/triad.3

# The manual's tables are generated: the C reference from the public headers, operations from ops.def, calls and settings
# from the tool's own tables, with what their examples print.
TRIAD_MANUAL += doc/triad.texi
TRIAD_REFERENCE = doc/base.texi doc/graph.texi doc/calculus.texi doc/pattern.texi doc/numbers.texi doc/eval.texi doc/sparse.texi doc/tape.texi doc/mp.texi \
  doc/version.texi doc/verify.texi doc/io.texi doc/nn.texi doc/train.texi doc/save.texi doc/nn_gradcheck.texi
TRIAD_MANUAL_PARTS += $(TRIAD_REFERENCE) doc/ops.texi doc/calls.texi doc/arrays.texi doc/commands.texi
EXTRA_DIST += doc/header2texi.awk
EXTRA_PROGRAMS += doc/ops_table doc/tool_tables
doc_ops_table_LDADD = libtriad-core.la
doc_tool_tables_LDADD = libtriadtool.la libtriad-core.la

doc/ops.texi: doc/ops_table$(EXEEXT)
	$(AM_V_GEN)doc/ops_table$(EXEEXT) >$@.new && mv $@.new $@
doc/calls.texi doc/arrays.texi doc/commands.texi: doc/tool_tables$(EXEEXT)
	$(AM_V_GEN)doc/tool_tables$(EXEEXT) `basename $@ .texi` >$@.new && mv $@.new $@
$(TRIAD_REFERENCE): doc/header2texi.awk $(triadinclude_HEADERS)
	$(AM_V_GEN)$(MKDIR_P) doc && $(AWK) -f $(srcdir)/doc/header2texi.awk \
	  $(srcdir)/lib/triad/`basename $@ .texi`.h >$@.new && mv $@.new $@

# Measured, by `make accuracy' (tests/local.mk).
EXTRA_DIST += doc/accuracy.texi doc/networks.texi doc/network_tool.texi doc/network_examples.texi
$(TRIAD_MANUAL:.texi=.info) $(TRIAD_MANUAL:.texi=.html): doc/accuracy.texi doc/networks.texi doc/network_tool.texi doc/network_examples.texi \
  examples/xor.expected examples/linear_classifier.expected
