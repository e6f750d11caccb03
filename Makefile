# What a developer and the continuous integration run. `make help` lists it.
#
# Needed beforehand: Go (go.mod says which), make, a shell. What tests need
# besides is installed by the targets that need it; the linters are built into
# .bin from exact versions.

SHELL := /bin/sh
.DEFAULT_GOAL := help

GO ?= go
BIN := .bin

GOFUMPT_VERSION := v0.12.0
STATICCHECK_VERSION := v0.8.2
GOLANGCI_VERSION := v2.15.0

# How long each fuzz test runs in `make fuzz`.
FUZZTIME ?= 2s
# What `make soak` gives each fuzz test.
SOAKTIME ?= 5m
# How often `make drill` kills a process.
EVERY ?= 10s
# Further flags for `go test` in `make test` and `make race`.
TESTFLAGS ?=
# Which packages: all, and those first that take longest, or one of them would run
# alone at the end.
PKG ?= ./transcode ./examples/server ./clients ./hls . ./upload ./media ./...
# What `make vet` has looked at is not looked at again by `go test`.
VETTED := -vet=off
# The race detector on all but SQLite's own code and what stands for the library of C
# below it: C turned into Go, which keeps its data outside of Go's memory. Nothing is
# found in it, and tests of uploads take twice the time with it.
RACE := -race -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc/...=-race=false -gcflags=modernc.org/memory=-race=false

# A module of its own, for what no importer should get.
PEERS := bench/peers

# What `make race` has left out.
REST := $(BIN)/rest

CLIENTS := clients/node_modules/.package-lock.json
VENDOR := examples/server/assets/vendor

.PHONY: help
help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## start the reference server on 127.0.0.1:8080
	$(GO) run ./examples/server

.PHONY: test
test: need clients assets ## install what tests need, then run every test; ONLY=.bin/rest: those that the last make race left out, in whole or in part
	$(GO) test -timeout 25m $(TESTFLAGS) $(if $(wildcard $(ONLY)),$$(cat $(ONLY)),$(PKG))
	cd $(PEERS) && $(GO) test -timeout 10m $(TESTFLAGS) ./...

.PHONY: check
check: format vet staticcheck lint tidy deps race fuzz ## every linter, the dependency budget, the race detector, short fuzz runs

.PHONY: format
format: $(BIN)/gofumpt
	@out=$$($(BIN)/gofumpt -l .); if [ -n "$$out" ]; then \
		echo "These files are not formatted; run make fix:"; echo "$$out"; exit 1; fi

.PHONY: fix
fix: $(BIN)/gofumpt ## format the code and tidy go.mod
	$(BIN)/gofumpt -w .
	$(GO) mod tidy
	cd $(PEERS) && $(GO) mod tidy

.PHONY: vet
vet:
	$(GO) vet ./...
	cd $(PEERS) && $(GO) vet ./...

.PHONY: staticcheck
staticcheck: $(BIN)/staticcheck
	$(BIN)/staticcheck ./...
	cd $(PEERS) && $(CURDIR)/$(BIN)/staticcheck ./...

.PHONY: lint
lint: $(BIN)/golangci-lint
	$(BIN)/golangci-lint run
	cd $(PEERS) && $(CURDIR)/$(BIN)/golangci-lint run

.PHONY: tidy
tidy:
	$(GO) mod tidy -diff
	cd $(PEERS) && $(GO) mod tidy -diff

.PHONY: deps
deps: ## compare what each package depends on with deps.txt
	$(GO) test -count=1 -run '^TestDependencies' ./internal/project

.PHONY: deps-update
deps-update: ## write deps.txt anew, after a change of dependencies that is meant
	$(GO) test -count=1 -run '^TestDependenciesAreThose' ./internal/project -update

.PHONY: metrics-update
metrics-update: ## write docs/metrics.md anew, after a change of what is counted
	$(GO) test -count=1 -run '^TestTheDocumentIsThatOfTheTables' ./metrics -update

.PHONY: race
race: need-race clients assets ## every test but the long ones under the race detector, in random order
	@mkdir -p $(BIN) && rm -f $(REST)
	$(GO) run ./internal/rest -o $(REST) $(GO) test -json $(RACE) $(VETTED) -short -shuffle=on -timeout 25m $(TESTFLAGS) $(PKG)

.PHONY: fuzz
fuzz: ## run every fuzz test for FUZZTIME (2s)
	@GO='$(GO)' FUZZTIME='$(FUZZTIME)' scripts/fuzz

.PHONY: soak
soak: need clients assets ## the long forms: race detector on everything, fuzz tests for SOAKTIME (5m) each
	STREAMGATE_CORPUS_ALL=1 $(GO) test $(RACE) -shuffle=on -count=3 -timeout 2h $(TESTFLAGS) $(PKG)
	@GO='$(GO)' FUZZTIME='$(SOAKTIME)' scripts/fuzz

.PHONY: corpus
corpus: need ## check playback of every file of the media corpus and every shape that ffmpeg makes, printing a table
	STREAMGATE_CORPUS_ALL=1 $(GO) test -count=1 -v -timeout 1h -run 'Corpus|Fixtures|TransportStreams' $(TESTFLAGS) $(PKG)

.PHONY: players
players: need clients ## play 30 films in every player: picture, sound, seeks and end by the players' own clocks
	STREAMGATE_PLAYERS_ALL=1 $(GO) test -count=1 -v -timeout 1h -run '^TestPlayers$$' $(TESTFLAGS) ./clients

.PHONY: transcodes
transcodes: need clients ## transcode the files of the media corpus that need it, and play each in hls.js to its end
	STREAMGATE_TRANSCODES_ALL=1 $(GO) test -count=1 -v -timeout 1h -run '^TestTranscodesPlay$$' $(TESTFLAGS) ./clients

.PHONY: inputs
inputs: need ## play hundreds of files that ffmpeg makes beside themselves, printing a table
	STREAMGATE_INPUTS=1 $(GO) test -count=1 -v -timeout 1h -run '^TestInputs$$' $(TESTFLAGS) ./hls

.PHONY: drill
drill: need ## transcode by three processes on one PostgreSQL, of which one is killed every EVERY (10s)
	STREAMGATE_DRILL=$(EVERY) $(GO) test -count=1 -v -timeout 2h -run '^TestTranscodesWhileWorkersAreKilled$$' $(TESTFLAGS) .

.PHONY: rules
rules: ## check the HLS presentation at URL=… against the rules of the draft
	STREAMGATE_RULES_URL="$(URL)" $(GO) test -count=1 -v -timeout 1h -run '^TestURL$$' ./internal/hlsrules

.PHONY: bench
bench: ## run the benchmarks
	$(GO) test -run '^$$' -bench . -benchmem -timeout 1h $(TESTFLAGS) $(PKG)
	cd $(PEERS) && $(GO) test -run '^$$' -bench . -benchtime 5x -timeout 2h -peers.mib 1024 -peers.takeovers 40 $(TESTFLAGS) .
	cd $(PEERS) && $(GO) test -run '^$$' -bench . -benchtime 1x -timeout 1h $(TESTFLAGS) ./ratelimit
	cd $(PEERS) && $(GO) test -run '^$$' -bench . $(TESTFLAGS) ./metrics ./audit ./cache ./stack ./captions ./matroska

.PHONY: bench-transcode
bench-transcode: ## what transcoding costs and how good it is: one table, with what is aimed at; FIGURES=short tries it
	STREAMGATE_FIGURES=$(or $(FIGURES),1) $(GO) test -count=1 -v -timeout 1h -run '^TestTranscodeFigures$$' $(TESTFLAGS) ./transcode

.PHONY: bench-hls
bench-hls: ## what playback costs beside static files: one table, with what is aimed at
	STREAMGATE_FIGURES=1 $(GO) test -count=1 -v -timeout 20m -run '^TestFigures$$' $(TESTFLAGS) ./hls

.PHONY: peers
peers: ## hold uploads, metrics and the rest against others: answers, and a short form of the benchmarks
	cd $(PEERS) && $(GO) test -count=1 -bench . -benchtime 1x -timeout 30m -peers.mib 64 -peers.small 100 -peers.takeovers 50 $(TESTFLAGS) .
	cd $(PEERS) && $(GO) test -count=1 -bench . -benchtime 100ms $(TESTFLAGS) ./metrics

.PHONY: assets
assets: clients ## put hls.js where the reference server embeds it
	@mkdir -p $(VENDOR)
	@cmp -s clients/node_modules/hls.js/dist/hls.min.mjs $(VENDOR)/hls.min.mjs || cp clients/node_modules/hls.js/dist/hls.min.mjs $(VENDOR)/hls.min.mjs
	@cmp -s clients/node_modules/hls.js/LICENSE $(VENDOR)/hls.LICENSE || cp clients/node_modules/hls.js/LICENSE $(VENDOR)/hls.LICENSE

.PHONY: clients
clients: $(CLIENTS) ## install the npm packages that the lock file names

# npm ci installs what the lock file says, to the checksum, or nothing.
$(CLIENTS): clients/package.json clients/package-lock.json clients/.npmrc
	@scripts/need node npm
	cd clients && npm ci --loglevel=error
	@touch $@

.PHONY: need
need:
	@scripts/need ffmpeg ffprobe mkvmerge chromium node npm redis-server postgres promtool openssl nginx

# The race detector is linked by the C compiler.
.PHONY: need-race
need-race: need
	@scripts/need cc

.PHONY: tools
tools: $(BIN)/gofumpt $(BIN)/staticcheck $(BIN)/golangci-lint ## build the linters into .bin

# A tool is built again when its version here or the Go release changes:
# a linter built by an older Go refuses newer code.
GOVERSION := $(shell $(GO) env GOVERSION)
define tool
$(BIN)/$(1): $(BIN)/.$(1)-$(3)-$(GOVERSION)
	@touch $$@
$(BIN)/.$(1)-$(3)-$(GOVERSION):
	@mkdir -p $(BIN)
	@rm -f $(BIN)/.$(1)-*
	GOBIN="$(CURDIR)/$(BIN)" $(GO) install $(2)@$(3)
	@touch $$@
endef
$(eval $(call tool,gofumpt,mvdan.cc/gofumpt,$(GOFUMPT_VERSION)))
$(eval $(call tool,staticcheck,honnef.co/go/tools/cmd/staticcheck,$(STATICCHECK_VERSION)))
$(eval $(call tool,golangci-lint,github.com/golangci/golangci-lint/v2/cmd/golangci-lint,$(GOLANGCI_VERSION)))

.PHONY: clean
clean: ## remove what the other targets have built
	rm -rf $(BIN) clients/node_modules $(VENDOR)
