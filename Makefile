# Two commands suffice: `make demo` opens the dashboard on the embedded mesh, `make test` runs everything.

SWIFT ?= swift
PREFIX ?= /usr/local
DESTDIR ?=

binary := .build/release/meshdeck
swift_sources := Package.swift Sources Tests
shell_sources := .ci/run .ci/packages Tests/Laboratory/kube-apiserver Tests/Laboratory/prometheus Tests/Laboratory/pypi \
  Tests/Laboratory/laboratory.bash
# Without symbols, exported names, long tables of relocations (glibc 2.36 reads the short ones), functions that nothing calls
# and second copies of the same code the program is 10 MB smaller, and needs 9 MB less memory.
link_flags := -Xswiftc -Xfrontend -Xswiftc -function-sections -Xlinker -s -Xswiftc -use-ld=lld -Xlinker -z -Xlinker pack-relative-relocs -Xlinker --no-export-dynamic -Xlinker --icf=all
# The modules a user of the library sees; MeshKit is the one they import.
documented := MeshKit MeshModel MeshTransport MeshPlanes MeshTelemetry MeshOperations

# Debian packages by name; `command=package` is satisfied by the command.
build_packages := git=git libcurl4-openssl-dev libncursesw5-dev
test_packages := kubectl=kubernetes-client curl=curl node=nodejs openssl=openssl python3=python3 python3-venv tmux=tmux

.PHONY: demo test build install bench format lint docs clean toolchain
.DEFAULT_GOAL := build

demo: build
	@exec $(binary) demo

build: toolchain
	@.ci/packages $(build_packages)
	$(SWIFT) build -c release --static-swift-stdlib $(link_flags) --product meshdeck

# The programs that tests start are the release build, which is what people run. The real servers come first: a machine that cannot have one says so and its tests are skipped.
test: build
	@.ci/packages $(build_packages) $(test_packages)
	@Tests/Laboratory/kube-apiserver build >/dev/null </dev/null || [ $$? -eq 77 ]
	@Tests/Laboratory/prometheus fetch >/dev/null </dev/null || [ $$? -eq 77 ]
	$(SWIFT) build --build-tests </dev/null
	@MESHDECK_PROGRAM='$(CURDIR)/$(binary)' Tests/Laboratory/counted $(SWIFT) test --skip-build --disable-xctest

toolchain:
	@command -v $(SWIFT) >/dev/null || { echo "Swift 6.3 is needed and '$(SWIFT)' is not on the PATH." >&2; exit 1; }

# Builds only where nothing has been built, so that `sudo make install` compiles nothing. Completions and the manual
# page are what the binary says they are; one it cannot make is left out.
install:
	@[ -x $(binary) ] || $(MAKE) build
	install -D -m 755 $(binary) '$(DESTDIR)$(PREFIX)/bin/meshdeck'
	@set -e; made="$$(mktemp)"; trap 'rm -f "$$made"' EXIT; \
	place() { \
	  if $(binary) completion "$$1" >"$$made" 2>/dev/null </dev/null && [ -s "$$made" ]; then \
	    install -D -m 644 "$$made" "$$2" && echo "installed $$2"; \
	  else echo "left out $$2" >&2; fi; \
	}; \
	place man '$(DESTDIR)$(PREFIX)/share/man/man1/meshdeck.1'; \
	place bash '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/meshdeck'; \
	place zsh '$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_meshdeck'; \
	place fish '$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/meshdeck.fish'

bench: build
	@.ci/packages $(test_packages)
	Tests/Benchmarks/run --build-flags '$(link_flags)'

format:
	$(SWIFT) format -i -r --parallel $(swift_sources)

lint:
	$(SWIFT) format lint -r --strict --parallel $(swift_sources)
	@if command -v shellcheck >/dev/null; then shellcheck -x $(shell_sources); \
	else echo 'shellcheck is not installed: the scripts were not checked' >&2; fi

# One archive per module, merged into .build/docs: serve that folder, or open it with any DocC viewer.
docs: toolchain
	@.ci/packages $(build_packages)
	$(SWIFT) package dump-symbol-graph --minimum-access-level public --skip-synthesized-members
	@set -e; graphs="$$($(SWIFT) build --show-bin-path)/../symbolgraph"; work=.build/documentation; \
	rm -rf $$work .build/docs; mkdir -p $$work; archives=; \
	for module in $(documented); do \
	  mkdir $$work/$$module; \
	  for graph in "$$graphs"/$$module.symbols.json "$$graphs"/$$module@*.symbols.json; do \
	    [ ! -e "$$graph" ] || cp "$$graph" $$work/$$module/; \
	  done; \
	  catalog="$$(find Sources/$$module -maxdepth 2 -name '*.docc' | head -n 1)"; \
	  docc convert $$catalog --additional-symbol-graph-dir $$work/$$module --fallback-display-name $$module \
	    --fallback-bundle-identifier meshdeck.$$module --output-path $$work/$$module.doccarchive; \
	  archives="$$archives $$work/$$module.doccarchive"; \
	done; \
	docc merge $$archives --synthesized-landing-page-name Meshdeck --output-path .build/docs; \
	echo "documentation: .build/docs"

clean:
	rm -rf .build .build-* .docc-build
